import { describe, expect, it } from 'vitest';
import { resolveProgram } from '../../src/model/resolve-program.js';
import { CILIUM, errorsOf, GROUP, KUBERNETES, read, TIERS, WORKLOADS } from './documents.js';

const at = (line: number, column: number, file = 'a.yaml') => ({ file, line, column });

/** A cluster-wide policy about everybody, with these fields besides. */
function everybody(fields: string): string {
  return `apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: { name: all }
spec: { endpointSelector: {}, ${fields} }
`;
}

describe('policies of Cilium', () => {
  it('become policies of their namespace, each rule with its line', () => {
    const [policy, ...more] = read(CILIUM).policies;
    const path = 'prod/shop';
    expect(more).toEqual([]);
    expect(policy).toEqual({
      name: 'shop',
      namespace: 'prod',
      description: 'what reaches the shop',
      labels: { team: 'blue' },
      endpointSelector: { matchLabels: { app: 'shop' } },
      enableDefaultDeny: { ingress: true },
      origin: { path, ...at(1, 1) },
      ingress: [
        {
          endpoints: [
            {
              matchLabels: { 'k8s:app': 'web' },
              matchExpressions: [{ key: 'env', operator: 'NotIn', values: ['test'] }],
            },
          ],
          toPorts: [
            {
              ports: [
                { port: '80', protocol: 'TCP' },
                { port: 1, endPort: 65_535, protocol: 'UDP' },
              ],
            },
          ],
          origin: { path, ...at(9, 7) },
        },
        {
          cidrSet: [{ cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }],
          icmps: [{ fields: [{ type: 'EchoRequest', family: 'IPv4' }] }],
          origin: { path, ...at(13, 7) },
        },
      ],
      ingressDeny: [
        {
          entities: ['world'],
          toPorts: [{ ports: [{ port: 'http', protocol: 'TCP' }] }],
          origin: { path, ...at(16, 7) },
        },
      ],
      egress: [
        {
          cidr: ['192.0.2.1/32'],
          toPorts: [{ ports: [{ port: 8000, endPort: 8100, protocol: 'ANY' }] }],
          origin: { path, ...at(19, 7) },
        },
      ],
    });
  });

  it('keep the difference between an empty list of peers, an absent one, and an empty selector', () => {
    const rules = '[{ fromEndpoints: [] }, {}, { fromEndpoints: [{}] }]';
    const [policy] = read(everybody(`ingress: ${rules}`)).policies;
    expect(policy?.ingress?.map(({ endpoints }) => endpoints)).toEqual([[], undefined, [{}]]);
    expect(policy?.namespace).toBeUndefined();
  });

  it('keep groups of CIDRs, which mean their prefixes with the exceptions that are inside each', () => {
    const byName = '{ cidrGroupRef: offices, except: [192.0.2.0/28] }';
    const byLabel = '{ cidrGroupSelector: { matchLabels: { kind: office } } }';
    const policy = everybody(`ingress: [{ fromCIDRSet: [${byName}, ${byLabel}] }]`);
    const document = read(policy, GROUP);
    expect(document.cidrGroups).toMatchObject([
      { name: 'offices', labels: { kind: 'office' }, origin: at(1, 1, 'b.yaml') },
    ]);
    expect(document.policies[0]?.ingress?.[0]?.cidrGroups).toEqual([
      { name: 'offices', except: ['192.0.2.0/28'] },
      { selector: { matchLabels: { kind: 'office' } } },
    ]);
    const { cidrSet } = resolveProgram(document).policies[0]?.ingress?.[0] ?? {};
    expect(cidrSet).toEqual([
      { cidr: '192.0.2.0/25', except: ['192.0.2.0/28'] },
      { cidr: '198.51.100.0/24' },
      { cidr: '192.0.2.0/25' },
      { cidr: '198.51.100.0/24' },
    ]);
    expect(errorsOf(policy)).toEqual([
      expect.stringMatching(/^PLB_MANIFEST_VALUE a.yaml:4: spec\.ingress\[0\] names a CIDR group/),
    ]);
  });

  it('may be several in one document, or a list of rules without a kind', () => {
    const specs = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: two }
specs:
  - { endpointSelector: {}, ingress: [{}] }
  - { endpointSelector: {}, egress: [{}] }
`;
    const rules = '[{"endpointSelector": {"matchLabels": {"app": "a"}}, "ingress": [{}]}]';
    const names = read(specs, rules).policies.map(({ name, namespace }) => [name, namespace]);
    expect(names).toEqual([
      ['two-1', 'default'],
      ['two-2', 'default'],
      ['b', undefined],
    ]);
  });
});

describe('policies of Kubernetes', () => {
  it('keep their own meaning: no peers is everybody, peers of two kinds are two rules', () => {
    const [policy] = read(KUBERNETES).policies;
    expect(policy?.enableDefaultDeny).toEqual({ ingress: true, egress: true });
    expect(policy?.ingress?.map(({ origin, ...rule }) => [rule, origin?.line])).toEqual([
      [{ endpoints: [{ matchLabels: { app: 'web' } }] }, 8],
      [{ cidrSet: [{ cidr: '192.0.2.0/24' }] }, 8],
      [{ entities: ['all'], toPorts: [{ ports: [{ port: 53, protocol: 'UDP' }] }] }, 11],
    ]);
  });

  it('may have the name of one of Cilium', () => {
    const names = read(CILIUM, KUBERNETES).policies.map(({ name, origin }) => [name, origin.path]);
    expect(names).toEqual([
      ['shop', 'prod/shop'],
      ['shop', 'prod/shop-policy'],
    ]);
  });
});

describe('policies of tiers', () => {
  it('keep tier, priority, action and namespaces', () => {
    const [admin, baseline, pass] = read(TIERS).policies;
    const exists = { key: 'io.kubernetes.pod.namespace', operator: 'Exists' };
    const zone = 'io.cilium.k8s.namespace.labels.zone';
    expect(admin).toMatchObject({ tier: 'Admin', priority: 7 });
    expect(admin?.endpointSelector).toEqual({
      matchLabels: { [zone]: 'front' },
      matchExpressions: [exists],
    });
    expect(admin?.ingress?.[0]).toMatchObject({
      action: 'Accept',
      endpoints: [{ matchLabels: { app: 'probe' }, matchExpressions: [exists] }],
      toPorts: [
        {
          ports: [
            { port: 80, protocol: 'TCP' },
            { port: 90, endPort: 99, protocol: 'TCP' },
          ],
        },
      ],
    });
    expect(baseline).toMatchObject({ tier: 'Baseline', egress: [{ action: 'Deny' }] });
    expect(pass).toMatchObject({ tier: 'Admin', priority: 9, egress: [{ action: 'Pass' }] });
    expect(pass?.egress?.[0]?.toPorts).toEqual([{ ports: [{ port: 443, protocol: 'TCP' }] }]);
  });
});

describe('workloads', () => {
  it('become endpoints with the labels of their namespace, account and ports', () => {
    const { endpoints, services } = read(WORKLOADS);
    expect(endpoints.map(({ name }) => name)).toEqual(['prod-shop-0', 'prod-shop-1', 'prod-web']);
    expect(new Set(endpoints.flatMap(({ addresses }) => addresses)).size).toBe(3);
    expect(endpoints[0]?.labels).toEqual({
      app: 'shop',
      env: 'live',
      'port:http': '80/TCP',
      'io.cilium.k8s.policy.cluster': 'default',
      'io.cilium.k8s.policy.serviceaccount': 'seller',
      'io.kubernetes.pod.namespace': 'prod',
      'io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name': 'prod',
      'io.cilium.k8s.namespace.labels.zone': 'front',
    });
    expect(services).toMatchObject([
      { name: 'prod-shop', ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] },
    ]);
  });

  it('have addresses that do not depend on what else there is', () => {
    const address = (...texts: string[]) =>
      read(...texts).endpoints.find(({ name }) => name === 'prod-web')?.addresses;
    const alone = WORKLOADS.split('---\n')[2] ?? '';
    expect(address(alone)).toEqual(address(WORKLOADS));
  });
});

describe('what cannot be had', () => {
  it('is told with file, line and field path, all of all files together', () => {
    const bad = everybody(
      'ingress: [{ fromRequires: [{}] }, { fromEndpoint: [{}] }, { toPorts: [{ ports: [{ port: "80" }], rules: { kafka: [{}] } }] }], egres: []',
    );
    const other = '\n\napiVersion: v1\nkind: Gadget\nmetadata: { name: x }\n';
    expect(errorsOf(bad, other, '"a')).toEqual([
      expect.stringMatching(
        /^PLB_MANIFEST_UNSUPPORTED a\.yaml:4: spec\.ingress\[0\]\.fromRequires is not supported/,
      ),
      expect.stringMatching(
        /^PLB_MANIFEST_FIELD a\.yaml:4: spec\.ingress\[1\]\.fromEndpoint is no/,
      ),
      expect.stringMatching(
        /^PLB_MANIFEST_UNSUPPORTED a\.yaml:4: spec\.ingress\[2\]\.toPorts\[0\]\.rules\.kafka is not/,
      ),
      expect.stringMatching(/^PLB_MANIFEST_FIELD a\.yaml:4: spec\.egres is no field/),
      expect.stringMatching(/^PLB_MANIFEST_KIND b\.yaml:3: the document is a Gadget of v1/),
      expect.stringMatching(/^PLB_MANIFEST_SYNTAX c\.yaml:1: /),
    ]);
  });

  it.each([
    ['a key twice', `${everybody('')}spec: {}\n`, 'PLB_MANIFEST_SYNTAX'],
    ['an alias', everybody('ingress: &a [{}], egress: *a'), 'PLB_MANIFEST_VALUE'],
    ['a number for a label', everybody('labels: [{ key: 1 }]'), 'PLB_MANIFEST_VALUE'],
    ['an unknown entity', everybody('ingress: [{ fromEntities: [moon] }]'), 'PLB_MANIFEST_VALUE'],
    ['no subject', everybody('').replace('endpointSelector: {}, ', ''), 'PLB_MANIFEST_VALUE'],
    [
      'an empty list of ports',
      everybody('ingress: [{ toPorts: [{ ports: [] }] }]'),
      'PLB_MANIFEST_UNSUPPORTED',
    ],
    ['one object twice', `${CILIUM}---\n${CILIUM}`, 'PLB_MANIFEST_VALUE'],
  ])('%s is an error', (_, text, code) => {
    expect(errorsOf(text)[0]).toMatch(new RegExp(`^${code} `));
  });
});
