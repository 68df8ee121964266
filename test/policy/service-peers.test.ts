import { describe, expect, it } from 'vitest';
import { servicePeerErrors, withoutServicePeers } from '../../src/model/service-peers.js';
import type { EndpointSpec, ProgramDocument, RuleSpec } from '../../src/model/program.js';
import type { ServiceSpec } from '../../src/model/service.js';
import { validatePolicies } from '../../src/policy/validate.js';
import { Cluster } from './worlds.js';

const origin = { path: 'x', line: 2 };
const endpoint = (name: string, address: string, namespace = 'shop'): EndpointSpec => ({
  origin,
  name,
  node: 'hoth',
  labels: { app: name, 'io.kubernetes.pod.namespace': namespace, 'port:http': '80/TCP' },
  addresses: [address],
  netns: name,
});
const service = (name: string, more: Partial<ServiceSpec>): ServiceSpec => ({
  origin,
  name,
  addresses: ['10.96.0.1'],
  ports: [],
  backends: [],
  algorithm: 'random',
  affinity: 0,
  ...more,
});
const endpoints = [
  endpoint('client', '10.1.0.1'),
  endpoint('web', '10.1.0.2', 'lobby'),
  endpoint('db', '10.1.0.3'),
];
const weight = 1;
const services = [
  service('web', { selector: { matchLabels: { app: 'web' } } }),
  service('db', { backends: [{ address: '10.1.0.3', weight }] }),
  service('outside', { backends: [{ address: '192.0.2.7', weight }] }),
  service('empty', {}),
];
const documentOf = (rule: RuleSpec, list: 'egress' | 'ingress' = 'egress'): ProgramDocument => ({
  version: 1,
  nodes: [],
  endpoints,
  services,
  policies: [
    {
      origin,
      name: 'p',
      namespace: 'shop',
      endpointSelector: { matchLabels: { app: 'client' } },
      [list]: [rule],
    },
  ],
});

function reached(names: readonly string[]): string[] {
  const { policies } = withoutServicePeers(documentOf({ services: names }));
  const cluster = new Cluster(Object.fromEntries(endpoints.map((e) => [e.name, e.labels])));
  const compiled = cluster.compile(policies);
  return ['web', 'db', 'world-ipv4'].filter(
    (to) => cluster.decide(compiled, 'client', to, 80).egress?.allowed,
  );
}

describe('a service as a peer', () => {
  it('is its back-ends, in whatever namespace, by selector or by address', () => {
    expect(reached(['web'])).toEqual(['web']);
    expect(reached(['db'])).toEqual(['db']);
    expect(reached(['web', 'db'])).toEqual(['web', 'db']);
  });

  it('is a prefix where a back-end is outside', () => {
    const { policies } = withoutServicePeers(documentOf({ services: ['outside'] }));
    expect(policies[0]?.egress).toMatchObject([{ endpoints: [] }, { cidr: ['192.0.2.7/32'] }]);
  });

  it('is nobody without back-ends, and still isolates', () => {
    expect(reached(['empty'])).toEqual([]);
  });

  it('means nobody, not everybody, where nothing resolved it', () => {
    const toPorts = [{ ports: [{ port: 80 }] }];
    const cluster = new Cluster(Object.fromEntries(endpoints.map((e) => [e.name, e.labels])));
    for (const rule of [{ services: ['web'] }, { cidrGroups: [{ name: 'x' }] }]) {
      const compiled = cluster.compile([{ egress: [{ ...rule, toPorts }] }]);
      expect(cluster.decide(compiled, 'client', 'web', 80).allowed).toBe(false);
    }
  });

  it('stands in no rule with another kind of peer', () => {
    const both = documentOf({ services: ['web'], entities: ['all'] });
    expect(servicePeerErrors(both)).toMatchObject([{ code: 'PLB_PEER_KINDS' }]);
  });

  it('resolves to what validation takes, in programs without namespaces too', () => {
    const { policies } = withoutServicePeers(documentOf({ services: ['web', 'db', 'outside'] }));
    const identities = endpoints.map(({ labels }, n) => ({ id: 256 + n, labels }));
    expect(validatePolicies(policies, identities)).toEqual([]);
  });

  it('must be there, and is only reached', () => {
    expect(servicePeerErrors(documentOf({ services: ['wbe'] }))).toMatchObject([
      { code: 'PLB_UNKNOWN_SERVICE', origin },
    ]);
    expect(servicePeerErrors(documentOf({ services: ['web'] }, 'ingress'))).toMatchObject([
      { code: 'PLB_UNKNOWN_SERVICE' },
    ]);
    expect(servicePeerErrors(documentOf({ services: ['web'] }))).toEqual([]);
  });
});
