import type {
  ClusterNetworkPolicyProps,
  EgressRule,
  IngressRule,
  NetworkPolicyProps,
  PortRule,
  Selector,
} from 'plumbline';
import { describe, expectTypeOf, test } from 'vitest';

type Deny = NonNullable<NetworkPolicyProps['ingressDeny']>[number];
type EgressDeny = NonNullable<NetworkPolicyProps['egressDeny']>[number];
type OfNodes = NonNullable<
  Extract<NetworkPolicyProps, { nodeSelector: Selector }>['ingress']
>[number];
type Tier = NonNullable<ClusterNetworkPolicyProps['egress']>[number];

type FromEndpoints = { fromEndpoints: Selector[] };
type FromCIDR = { fromCIDR: string[] };
type ToCIDR = { toCIDR: string[] };
type Names = { toFQDNs: { matchName: string }[] };
type Plain = { toPorts: { port: number }[] };
type ICMP = { icmps: { fields: { type: number }[] }[] };
type HTTP = { toPorts: { ports: { port: number }[]; rules: { http: { path: string }[] } }[] };
type TLS = { toPorts: { ports: { port: number }[]; serverNames: string[] }[] };
type DNS = { toPorts: { ports: { port: number }[]; rules: { dns: { matchName: string }[] } }[] };

describe('a rule, by its type,', () => {
  test('names its peers in one way', () => {
    expectTypeOf<FromEndpoints & Plain>().toExtend<IngressRule>();
    expectTypeOf<FromCIDR & { fromCIDRSet: { cidr: string }[] }>().toExtend<IngressRule>();
    expectTypeOf<object>().toExtend<IngressRule>();
    expectTypeOf<FromEndpoints & FromCIDR>().not.toExtend<IngressRule>();
    expectTypeOf<FromCIDR & { fromEntities: 'world'[] }>().not.toExtend<IngressRule>();
    expectTypeOf<FromEndpoints & { fromNodes: Selector[] }>().not.toExtend<IngressRule>();
    expectTypeOf<Names>().toExtend<EgressRule>();
    expectTypeOf<Names & ToCIDR>().not.toExtend<EgressRule>();
    expectTypeOf<{ toServices: string[] } & ToCIDR>().not.toExtend<EgressRule>();
    expectTypeOf<{ toServices: string[]; toEntities: 'host'[] }>().not.toExtend<EgressRule>();
    expectTypeOf<FromEndpoints & FromCIDR>().not.toExtend<Deny>();
  });

  test('has ports or ICMP, not both', () => {
    expectTypeOf<ICMP>().toExtend<IngressRule>();
    expectTypeOf<FromEndpoints & ICMP>().toExtend<Deny>();
    expectTypeOf<Plain & ICMP>().not.toExtend<IngressRule>();
    expectTypeOf<Plain & ICMP>().not.toExtend<EgressDeny>();
  });

  test('says whom prefixes mean only where there are some', () => {
    type Mode = { cidrMatchMode: ('pods' | 'nodes')[] };
    expectTypeOf<Mode & FromCIDR>().toExtend<IngressRule>();
    expectTypeOf<Mode & { toCIDRSet: { cidr: string }[] }>().toExtend<EgressRule>();
    expectTypeOf<Mode>().not.toExtend<IngressRule>();
    expectTypeOf<Mode & FromEndpoints>().not.toExtend<IngressRule>();
  });

  test('denies peers and ports, not names or requests', () => {
    expectTypeOf<ToCIDR & Plain>().toExtend<EgressDeny>();
    expectTypeOf<Names>().not.toExtend<EgressDeny>();
    expectTypeOf<HTTP>().not.toExtend<Deny>();
    expectTypeOf<TLS>().not.toExtend<Deny>();
    expectTypeOf<DNS>().not.toExtend<EgressDeny>();
  });

  test('has nothing of layer 7 in a tier, or about nodes', () => {
    expectTypeOf<HTTP>().toExtend<IngressRule>();
    expectTypeOf<HTTP & { action: 'Accept' }>().not.toExtend<Tier>();
    expectTypeOf<TLS>().not.toExtend<OfNodes>();
    expectTypeOf<Plain>().toExtend<OfNodes>();
  });

  test('of a tier accepts names in the DNS, and does not deny them', () => {
    expectTypeOf<Names & { action: 'Accept' }>().toExtend<Tier>();
    expectTypeOf<Names & { action: 'Deny' }>().not.toExtend<Tier>();
    expectTypeOf<ToCIDR & { action: 'Deny' }>().toExtend<Tier>();
  });

  test('lets through one protocol at a port, and names of the DNS in egress alone', () => {
    expectTypeOf<DNS>().toExtend<EgressRule>();
    expectTypeOf<DNS>().not.toExtend<IngressRule>();
    type Two = { ports: { port: number }[]; rules: { http: []; dns: [] } };
    expectTypeOf<Two>().not.toExtend<PortRule>();
    type HTTPInTLS = { ports: { port: number }[]; rules: { http: [] }; serverNames: string[] };
    expectTypeOf<HTTPInTLS>().not.toExtend<PortRule>();
    type Body = { ports: { port: number }[]; rules: { dns: []; denyBody: string } };
    expectTypeOf<Body>().not.toExtend<PortRule>();
  });

  test('asks for a name or a pattern, not for both', () => {
    type Both = { toFQDNs: { matchName: string; matchPattern: string }[] };
    expectTypeOf<Both>().not.toExtend<EgressRule>();
  });
});
