import {
  App,
  CIDRGroup,
  ClusterNetworkPolicy,
  KubernetesNetworkPolicy,
  Namespace,
  NetworkPolicy,
  tcp,
  type ClusterNetworkPolicyProps,
  type IngressRule,
  type NetworkPolicyProps,
} from 'plumbline';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Cluster } from '../policy/worlds.js';
import { namespaceLabels } from '../../src/model/namespace.js';

const code = (expected: string): Error => expect.objectContaining({ code: expected });
const cluster = new Cluster({
  web: { app: 'web', ...namespaceLabels('shop', { team: 'red' }) },
  cart: { app: 'cart', ...namespaceLabels('shop', { team: 'red' }) },
  guest: { app: 'cart', ...namespaceLabels('lobby', { team: 'blue' }) },
});
const everybody = ['web', 'cart', 'guest', 'host', 'world-ipv4'];

describe('a ClusterNetworkPolicy', () => {
  test('keeps tier, priority and the order of its rules', () => {
    const policy = new ClusterNetworkPolicy(new App(), 'guard', {
      tier: 'Admin',
      priority: 7,
      endpointSelector: {},
      ingress: [
        { action: 'Pass', fromEndpoints: [{}], toPorts: [tcp(80)] },
        { action: 'Deny', fromEntities: ['all'] },
      ],
    });
    expect(policy.toSpec()).toMatchObject({
      name: 'guard',
      tier: 'Admin',
      priority: 7,
      ingress: [
        { action: 'Pass', endpoints: [{}], toPorts: [{ ports: [tcp(80)] }] },
        { action: 'Deny', entities: ['all'] },
      ],
    });
  });

  test('has types that ask for an action, a tier and a priority', () => {
    type Rule = NonNullable<ClusterNetworkPolicyProps['ingress']>[number];
    expectTypeOf<{ fromEntities: ['all'] }>().not.toExtend<Rule>();
    expectTypeOf<{ fromEntities: ['all']; action: 'Deny' }>().toExtend<Rule>();
    expectTypeOf<{ endpointSelector: object }>().not.toExtend<ClusterNetworkPolicyProps>();
  });

  test('is in the document with all other policies, in the order of construction', () => {
    const app = new App();
    new NetworkPolicy(app, 'a', { endpointSelector: {} });
    new ClusterNetworkPolicy(app, 'b', { tier: 'Baseline', priority: 0, endpointSelector: {} });
    new KubernetesNetworkPolicy(new Namespace(app, 'shop'), 'c', { podSelector: {} });
    expect(app.toDocument().policies.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });
});

describe('a NetworkPolicy', () => {
  test('may be about nodes, and is in no namespace then', () => {
    const shop = new Namespace(new App(), 'shop');
    const spec = new NetworkPolicy(shop, 'p', { nodeSelector: {}, ingress: [{}] }).toSpec();
    expect(spec).toMatchObject({ nodeSelector: {} });
    expect(spec).not.toHaveProperty('namespace');
  });

  test('has types that want endpoints or nodes, not both', () => {
    expectTypeOf<{ nodeSelector: object }>().toExtend<NetworkPolicyProps>();
    expectTypeOf<{ endpointSelector: object }>().toExtend<NetworkPolicyProps>();
    expectTypeOf<Record<string, never>>().not.toExtend<NetworkPolicyProps>();
    type Both = { endpointSelector: object; nodeSelector: object };
    expectTypeOf<Both>().not.toExtend<NetworkPolicyProps>();
    type Namespaced = { nodeSelector: object; namespace: string };
    expectTypeOf<Namespaced>().not.toExtend<NetworkPolicyProps>();
  });

  test('keeps what it says of itself', () => {
    const about = { description: 'd', labels: { a: 'b' }, log: { value: 'w' }, audit: true };
    const policy = new NetworkPolicy(new App(), 'p', { endpointSelector: {}, ...about });
    expect(policy.toSpec()).toMatchObject(about);
  });
});

describe('a KubernetesNetworkPolicy', () => {
  const shop = () => new Namespace(new App(), 'shop');
  const reachWeb = (props: object) => {
    const policy = new KubernetesNetworkPolicy(shop(), 'p', {
      podSelector: { matchLabels: { app: 'web' } },
      ...props,
    });
    return cluster.reaching(cluster.compile([policy.toSpec()]), everybody, 'web');
  };
  const reachedBy = (policy: NetworkPolicy | KubernetesNetworkPolicy) => {
    const compiled = cluster.compile([policy.toSpec()]);
    return everybody.filter((to) => cluster.decide(compiled, 'web', to, 80).egress?.allowed);
  };

  test('allows everything with egress [{}], where a NetworkPolicy allows nothing', () => {
    const own = new KubernetesNetworkPolicy(shop(), 'p', { podSelector: {}, egress: [{}] });
    expect(reachedBy(own)).toEqual(everybody);
    expect(
      reachedBy(new NetworkPolicy(shop(), 'p', { endpointSelector: {}, egress: [{}] })),
    ).toEqual([]);
  });

  test('isolates for ingress without a word, and for egress when it has rules or says so', () => {
    expect(reachWeb({})).toEqual([]);
    const others = everybody.filter((name) => name !== 'web');
    expect(reachWeb({ policyTypes: ['Egress'] })).toEqual(others);
    const policy = new KubernetesNetworkPolicy(shop(), 'p', {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
    expect(reachedBy(policy)).toEqual([]);
  });

  test('means its own namespace with a podSelector, and others with a namespaceSelector', () => {
    expect(reachWeb({ ingress: [{ from: [{ podSelector: {} }] }] })).toEqual(['web', 'cart']);
    expect(reachWeb({ ingress: [{ from: [{ namespaceSelector: {} }] }] })).toEqual([
      'web',
      'cart',
      'guest',
    ]);
    const matchLabels = { team: 'blue' };
    expect(reachWeb({ ingress: [{ from: [{ namespaceSelector: { matchLabels } }] }] })).toEqual([
      'guest',
    ]);
    const podSelector = { matchLabels: { app: 'web' } };
    const both = { podSelector, namespaceSelector: { matchLabels } };
    expect(reachWeb({ ingress: [{ from: [both] }] })).toEqual([]);
  });

  test('may name endpoints and blocks of addresses in one rule', () => {
    const from = [{ podSelector: {} }, { ipBlock: { cidr: '0.0.0.0/0' } }];
    expect(reachWeb({ ingress: [{ from }] })).toEqual(['web', 'cart', 'world-ipv4']);
  });

  test('takes an empty list of peers for everybody, and a port without a number for all', () => {
    expect(reachWeb({ ingress: [{ from: [], ports: [{}] }] })).toEqual(everybody);
    expect(reachWeb({ ingress: [{ ports: [{ port: 81 }] }] })).toEqual([]);
    expect(reachWeb({ ingress: [{ ports: [{ protocol: 'UDP' }] }] })).toEqual([]);
  });

  test('must be in a namespace', () => {
    const make = () => new KubernetesNetworkPolicy(new App(), 'p', { podSelector: {} });
    expect(make).toThrow(code('PLB_NAMESPACE'));
  });

  test('has no property in its rules that Kubernetes does not have', () => {
    const ingress = [{ fromEndpoints: [{}] }] as never;
    const make = () => new KubernetesNetworkPolicy(shop(), 'p', { podSelector: {}, ingress });
    expect(make).toThrow(code('PLB_UNKNOWN_FIELD'));
  });
});

describe('peers of rules', () => {
  const ingressOf = (...ingress: IngressRule[]) =>
    new NetworkPolicy(new App(), 'p', { endpointSelector: {}, ingress }).toSpec().ingress;

  test('may be groups of prefixes, by name or by label', () => {
    const fromCIDRSet = [
      { cidr: '10.0.0.0/8' },
      { cidrGroupRef: 'office', except: ['10.1.0.0/16'] },
      { cidrGroupSelector: { matchLabels: { kind: 'own' } } },
    ];
    expect(ingressOf({ fromCIDRSet, cidrMatchMode: ['pods'] })).toEqual([
      {
        cidrSet: [{ cidr: '10.0.0.0/8' }],
        cidrGroups: [
          { name: 'office', except: ['10.1.0.0/16'] },
          { selector: { matchLabels: { kind: 'own' } } },
        ],
        cidrMatchMode: ['pods'],
      },
    ]);
  });

  test('may be nodes', () => {
    expect(ingressOf({ fromNodes: [{}] })).toEqual([{ nodes: [{}] }]);
  });

  test('groups are part of the document', () => {
    const app = new App();
    new CIDRGroup(app, 'office', { cidrs: ['10.0.0.0/8'], labels: { kind: 'own' } });
    expect(app.toDocument().cidrGroups).toMatchObject([
      { name: 'office', cidrs: ['10.0.0.0/8'], labels: { kind: 'own' } },
    ]);
  });
});
