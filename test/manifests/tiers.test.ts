import { describe, expect, it } from 'vitest';
import { manifestsOf } from '../../src/manifests/export.js';
import type { PolicySpec, RuleSpec } from '../../src/model/program.js';
import { program } from './arbitrary-programs.js';
import { errorsOf, read } from './documents.js';
import { compiled, meanings, roundTrip } from './round-trip.js';

const origin = { path: 'test' };
const NAMESPACE = 'io.kubernetes.pod.namespace';
const endpoints = [
  { app: 'web', [NAMESPACE]: 'shop', 'port:http': '80/TCP' },
  { app: 'db', [NAMESPACE]: 'shop' },
  { app: 'probe', [NAMESPACE]: 'ops' },
];
const tier = (lists: Partial<PolicySpec>): PolicySpec => ({
  ...{ origin, name: 'guard', tier: 'Admin', priority: 7, description: 'first of all' },
  endpointSelector: { matchLabels: { app: 'web', [NAMESPACE]: 'shop' } },
  ...lists,
});
const egress: RuleSpec[] = [
  {
    action: 'Deny',
    endpoints: [{ matchLabels: { app: 'db' } }],
    toPorts: [{ ports: [{ port: 5432 }] }],
  },
  { action: 'Accept', fqdns: [{ matchName: 'a.test' }, { matchPattern: '**.b.test' }] },
  {
    action: 'Accept',
    nodes: [{}],
    toPorts: [{ ports: [{ port: 1, endPort: 65_535, protocol: 'UDP' }] }],
  },
  { action: 'Deny', cidr: ['0.0.0.0/0', '::/0'], cidrMatchMode: ['pods', 'nodes'] },
];
const ingress: RuleSpec[] = [
  {
    action: 'Pass',
    endpoints: [{ matchLabels: { [NAMESPACE]: 'ops' } }],
    toPorts: [{ ports: [{ port: 'http' }, { port: 90, endPort: 99, protocol: 'TCP' }] }],
  },
];

describe.each(['cilium', 'kubernetes'] as const)(
  'a policy of a tier among %s manifests',
  (format) => {
    it('is a ClusterNetworkPolicy that says all of it', () => {
      const document = program(endpoints, [tier({ ingress, egress })]);
      const { manifests, errors } = manifestsOf(document, format);
      expect(errors).toEqual([]);
      const pods = (podSelector: object, namespaceSelector: object = {}) => ({
        pods: { namespaceSelector, podSelector },
      });
      const ofShop = { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } };
      const port = { destinationPort: { number: 5432 } };
      expect(manifests.at(-1)).toEqual({
        apiVersion: 'policy.networking.k8s.io/v1alpha2',
        kind: 'ClusterNetworkPolicy',
        metadata: { name: 'guard', annotations: { 'kubernetes.io/description': 'first of all' } },
        spec: {
          tier: 'Admin',
          priority: 7,
          subject: pods({ matchLabels: { app: 'web' } }, ofShop),
          ingress: [
            {
              action: 'Pass',
              from: [{ namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'ops' } } }],
              protocols: [
                { destinationNamedPort: 'http' },
                { tcp: { destinationPort: { range: { start: 90, end: 99 } } } },
              ],
            },
          ],
          egress: [
            {
              action: 'Deny',
              to: [pods({ matchLabels: { app: 'db' } })],
              protocols: [{ tcp: port }, { udp: port }, { sctp: port }],
            },
            { action: 'Accept', to: [{ domainNames: ['a.test', '*.b.test'] }] },
            { action: 'Accept', to: [{ nodes: {} }], protocols: [{ udp: {} }] },
            { action: 'Deny', to: [{ networks: ['0.0.0.0/0', '::/0'] }] },
          ],
        },
      });
    });

    it('means the same when it is read again', () => {
      const document = program(endpoints, [
        tier({ ingress, egress }),
        tier({ name: 'last', tier: 'Baseline', priority: 1000, egress: egress.slice(0, 1) }),
      ]);
      const names = document.endpoints.map(({ name }) => name);
      const again = roundTrip(document, format);
      expect(meanings(compiled(again), names)).toEqual(meanings(compiled(document), names));
      const last = again.policies.find(({ name }) => name === 'last');
      expect(last).toMatchObject({ tier: 'Baseline', priority: 1000, description: 'first of all' });
    });

    const shop = [{ matchLabels: { app: 'db' } }];
    it.each<[string, Partial<PolicySpec>]>([
      ['audit', { audit: true, ingress }],
      ['log', { log: { value: 'x' }, ingress }],
      ['entities in tiers', { egress: [{ action: 'Deny', entities: ['all'] }] }],
      ['services as peers', { egress: [{ action: 'Deny', services: ['web'] }] }],
      [
        'ICMP',
        { egress: [{ action: 'Deny', endpoints: shop, icmps: [{ fields: [{ type: 8 }] }] }] },
      ],
      [
        'nodes and networks as peers of ingress in tiers',
        { ingress: [{ action: 'Deny', endpoints: shop, nodes: [{}] }] },
      ],
      [
        'networks in tiers that do not mean pods',
        { egress: [{ action: 'Deny', cidr: ['192.0.2.0/24'] }] },
      ],
      [
        'networks in tiers that do not mean the nodes in them',
        { egress: [{ action: 'Deny', cidr: ['10.1.0.0/16'], cidrMatchMode: ['pods'] }] },
      ],
      [
        'exceptions from networks in tiers',
        {
          egress: [
            {
              action: 'Deny',
              cidrSet: [{ cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }],
              cidrMatchMode: ['pods', 'nodes'],
            },
          ],
        },
      ],
      [
        'the pattern *.b.test in tiers',
        { egress: [{ action: 'Accept', fqdns: [{ matchPattern: '*.b.test' }] }] },
      ],
      [
        'a rule of a tier for any peer, or for none',
        { egress: [{ action: 'Deny', toPorts: [{ ports: [{ port: 80 }] }] }] },
      ],
      [
        'the name of a port of TCP alone',
        {
          egress: [
            {
              action: 'Deny',
              endpoints: shop,
              toPorts: [{ ports: [{ port: 'http', protocol: 'TCP' }] }],
            },
          ],
        },
      ],
      [
        'selectors of reserved identities',
        { egress: [{ action: 'Deny', endpoints: [{ matchLabels: { 'reserved:host': '' } }] }] },
      ],
    ])('cannot say %s', (what, lists) => {
      const { errors } = manifestsOf(program(endpoints, [tier(lists)]), format);
      expect(errors.map(({ code, message }) => [code, message])).toEqual([
        ['PLB_EXPORT', `test: ${format} manifests cannot say ${what}`],
      ]);
    });

    it('may mean pods alone by networks that no node is in', () => {
      const rule: RuleSpec = { action: 'Deny', cidr: ['192.0.2.0/24'], cidrMatchMode: ['pods'] };
      expect(manifestsOf(program(endpoints, [tier({ egress: [rule] })]), format).errors).toEqual(
        [],
      );
    });
  },
);

describe('peers of a ClusterNetworkPolicy', () => {
  const policy = (rule: string): string => `apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: guard }
spec: { tier: Admin, priority: 1, subject: { namespaces: {} }, egress: [${rule}] }
`;

  it('become one rule for each kind, one after the other, each with the line of theirs', () => {
    const peers =
      '[{ nodes: {} }, { networks: [10.0.0.0/8] }, { namespaces: {} }, { networks: [192.0.2.0/24] }]';
    const [guard] = read(policy(`{ action: Pass, to: ${peers} }`)).policies;
    expect(guard?.egress).toMatchObject([
      { action: 'Pass', endpoints: [{}], origin: { line: 4 } },
      { action: 'Pass', nodes: [{}], origin: { line: 4 } },
      { action: 'Pass', cidr: ['10.0.0.0/8', '192.0.2.0/24'], cidrMatchMode: ['nodes', 'pods'] },
    ]);
  });

  it.each([
    ['{ action: Deny, to: [{ domainNames: [a.test] }] }', /VALUE .*is to Deny domainNames/],
    ['{ action: Accept, to: [{ domainNames: ["a.*.test"] }] }', /VALUE .*has a star that is not/],
    [
      '{ action: Accept, to: [{ nodes: {}, namespaces: {} }] }',
      /VALUE .*is both nodes and namespaces/,
    ],
    ['{ action: Deny, to: [{ networks: [] }] }', /VALUE .*networks is empty/],
    ['{ action: Accept, to: [{}] }', /VALUE .*says nothing of who it is/],
  ])('are refused: %s', (rule, message) => {
    expect(errorsOf(policy(rule))).toEqual([expect.stringMatching(message)]);
  });
});
