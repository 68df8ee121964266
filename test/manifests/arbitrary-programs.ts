import fc from 'fast-check';
import { serviceManifests } from '../../src/manifests/export-service.js';
import { defined } from '../../src/manifests/reader.js';
import { NAMESPACE_LABEL, namespaceLabels } from '../../src/model/namespace.js';
import type {
  CIDRGroupRefSpec,
  CIDRGroupSpec,
  Labels,
  PolicySpec,
  ProgramDocument,
  RuleSpec,
} from '../../src/model/program.js';
import type { ServiceSpec } from '../../src/model/service.js';
import { policies } from '../policy/arbitraries.js';
import { labels, ownLabels, rule, selector } from '../policy/arbitrary-rules.js';

const origin = { path: 'test' };

/** A program on one node; every pod is in a namespace, and has its labels. */
export function program(
  endpoints: readonly Labels[],
  list: readonly PolicySpec[],
  more: Partial<ProgramDocument> = {},
): ProgramDocument {
  return {
    version: 1,
    nodes: [
      {
        ...{ origin, name: 'hoth', podCIDRs: ['10.1.0.0/16'], gateways: ['10.1.0.1'] },
        ...{ addresses: [], allowLocalhost: true, enforcement: 'default', mtu: 1500 },
      },
    ],
    endpoints: endpoints.map((own, i) => ({
      ...{ origin, name: `e${String(i)}`, node: 'hoth', netns: `e${String(i)}` },
      labels: { ...own, ...namespaceLabels(own[NAMESPACE_LABEL] ?? 'default') },
      addresses: [`10.1.0.${String(10 + i)}`],
    })),
    policies: list,
    services: [],
    ...more,
  };
}

/** Labels of endpoints; where these are, addresses say. */
const endpointLabels = labels.map(
  (own) =>
    Object.fromEntries(Object.entries(own).filter(([key]) => !key.startsWith('cidr:'))) as Labels,
);

const UNSAYABLE = /"audit"|cidrMatchMode|"ports":\[\]|"toPorts":\[\]|"fields":\[\]|"icmps":\[\]/;

/** Cilium takes no list of ports that is empty, and means by it something else than we do. */
const plainPolicies = policies.map((list) =>
  list.filter((policy) => policy.tier === undefined && !UNSAYABLE.test(JSON.stringify(policy))),
);

const names = fc.array(
  fc.constantFrom(
    { matchName: 'www.example.org' },
    { matchPattern: '**.example.org' },
    { matchPattern: '**.test' },
  ),
  { minLength: 1, maxLength: 2 },
);
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: 1, maxLength: 2 });
const port = fc.constantFrom(53, 80, 443, 8080);
const portsOfTier = fc.option(
  some(
    fc.oneof(
      fc.record({ port, protocol: fc.constantFrom('TCP', 'UDP', 'SCTP', 'ANY') }),
      fc.record({ port: fc.constant(80), endPort: port.map((end) => Math.max(80, end)) }),
      fc.constant({ port: 1, endPort: 65_535, protocol: 'TCP' }),
      fc.constant({ port: 'http' }),
    ),
  ).map((ports) => [{ ports }] as RuleSpec['toPorts']),
  { nil: undefined },
);
const action = fc.constantFrom('Accept', 'Deny', 'Pass');
const podPeers = fc.record({ endpoints: some(selector) });
const networks = fc.record({
  cidr: some(fc.constantFrom('0.0.0.0/0', '10.0.0.0/8', '192.168.0.0/16', '::/0', 'fd00::/8')),
  cidrMatchMode: fc.constant(['nodes', 'pods']),
});
const nodePeers = fc.constant({ nodes: [{}] });

const tierRules = (peers: fc.Arbitrary<object>) =>
  fc.array(
    fc
      .tuple(peers, action, portsOfTier)
      .map(([who, does, toPorts]) => ({ ...who, action: does, ...(toPorts && { toPorts }) })),
    { maxLength: 3 },
  );

const tier = fc.record({
  tier: fc.constantFrom('Admin', 'Baseline'),
  priority: fc.nat(2),
  endpointSelector: selector,
  ingress: tierRules(podPeers),
  egress: fc
    .tuple(tierRules(fc.oneof(podPeers, networks, nodePeers)), fc.option(names, { nil: undefined }))
    .map(([rules, fqdns]) =>
      fqdns === undefined ? rules : [...rules, { fqdns, action: 'Accept' }],
    ),
});

const http = some(
  fc.constantFrom(
    { method: 'GET' },
    { path: '/v1/.*', host: 'a\\.test' },
    { headers: ['X-Token'] },
    { headerMatches: [{ name: 'X-User', value: 'a', mismatch: 'REPLACE' }] },
    {},
  ),
);
const peersOrNot = fc.oneof(fc.constant({}), podPeers);
const at = (number: number, protocol: string, more: object) => ({
  toPorts: [{ ports: [{ port: number, protocol }], ...more }],
});
const filtered = (others: fc.Arbitrary<object>[]) =>
  fc.array(
    fc
      .tuple(
        peersOrNot,
        fc.oneof(
          fc
            .tuple(fc.constantFrom(80, 8080), http)
            .map(([n, list]) => at(n, 'TCP', { rules: { http: list } })),
          ...others,
        ),
      )
      .map(([who, what]) => ({ ...who, ...what }) as RuleSpec),
    { maxLength: 2 },
  );
const serverNames = some(fc.constantFrom('www.example.org', '*.example.org')).map((list) =>
  at(443, 'TCP', { serverNames: list }),
);
const dns = fc
  .tuple(fc.constantFrom('UDP', 'ANY'), names)
  .map(([protocol, list]) => at(53, protocol, { rules: { dns: list } }));

const namespace = fc.option(fc.constantFrom('n1', 'n2'), { nil: undefined, freq: 1 });

const layer7 = fc.record({
  namespace,
  endpointSelector: selector,
  ingress: filtered([serverNames]),
  egress: filtered([serverNames, dns]),
});

const GROUPS: readonly CIDRGroupSpec[] = [
  { origin, name: 'offices', labels: { kind: 'ours' }, cidrs: ['10.1.0.0/16', '192.168.7.0/24'] },
  { origin, name: 'clouds', labels: { kind: 'theirs' }, cidrs: ['128.0.0.0/1', 'fd00::/8'] },
  { origin, name: 'nobody', labels: {}, cidrs: [] },
];
const groupRef = fc.constantFrom<CIDRGroupRefSpec>(
  { name: 'offices', except: ['10.1.2.0/24'] },
  { name: 'clouds' },
  { name: 'nobody' },
  { selector: { matchLabels: { kind: 'ours' } } },
  {
    selector: { matchExpressions: [{ key: 'kind', operator: 'Exists' }] },
    except: ['fd00:1::/32'],
  },
);

const service = (name: string, n: number, matchLabels: Labels): ServiceSpec => ({
  ...{ origin, name, addresses: [`10.96.0.${String(n)}`], backends: [], algorithm: 'random' },
  ports: [
    { port: 80, targetPort: 8080, protocol: 'TCP' },
    { port: 53, targetPort: 53, protocol: 'UDP' },
  ],
  selector: { matchLabels },
  affinity: n * 60,
});
const SERVICES = [
  service('web', 0, { app: 'a', [NAMESPACE_LABEL]: 'n1' }),
  service('api', 1, { env: 'b' }),
  service('db', 2, { tier: 'c', [NAMESPACE_LABEL]: 'n2' }),
];

/** A rule that names services or groups, and allows or denies. */
const naming = fc
  .tuple(
    fc.oneof(
      fc.record({ services: fc.subarray(SERVICES.map(({ name }) => name)) }),
      fc.record({ cidrSet: fc.constant([]), cidrGroups: some(groupRef) }),
    ),
    rule,
    fc.constantFrom('egress', 'egressDeny'),
    selector,
    namespace,
  )
  .map(([who, { toPorts }, list, endpointSelector, of]) => {
    const isSaid = toPorts?.every(({ ports }) => ports.length > 0) === true;
    return { namespace: of, endpointSelector, [list]: [{ ...who, ...(isSaid && { toPorts }) }] };
  });

const special = fc.oneof(
  { weight: 2, arbitrary: tier },
  { weight: 2, arbitrary: layer7 },
  { weight: 2, arbitrary: naming },
);

/** Programs with all that manifests of Cilium and of tiers have words for. */
export const programs: fc.Arbitrary<ProgramDocument> = fc
  .tuple(
    fc.array(endpointLabels, { minLength: 1, maxLength: 4 }),
    plainPolicies,
    fc.array(special, { maxLength: 4 }),
    fc.tuple(ownLabels, ownLabels),
  )
  .map(([endpoints, plain, specials, [here, there]]) => {
    const alone = program(endpoints, [], { services: SERVICES, cidrGroups: GROUPS });
    const nodes = alone.nodes.flatMap((node) => [
      { ...node, labels: here },
      { ...node, name: 'endor', podCIDRs: ['10.2.0.0/16'], gateways: ['10.2.0.1'], labels: there },
    ]);
    const document = { ...alone, nodes };
    const { namespaces } = serviceManifests(document);
    // A policy of a tier is known by its path.
    const own = specials.map((spec, i): PolicySpec => {
      const name = `s${String(i)}`;
      return { origin: { path: name }, name, ...defined(spec) } as PolicySpec;
    });
    const policies = [...plain, ...own].map((policy) => said(policy, namespaces));
    return { ...document, policies };
  });

/** Without the services that Kubernetes has no words for. */
function said(policy: PolicySpec, services: ReadonlyMap<string, string>): PolicySpec {
  const only = (rules: readonly RuleSpec[]): RuleSpec[] =>
    rules.map((one) =>
      one.services === undefined
        ? one
        : { ...one, services: one.services.filter((name) => services.has(name)) },
    );
  const { egress, egressDeny } = policy;
  return {
    ...policy,
    ...(egress && { egress: only(egress) }),
    ...(egressDeny && { egressDeny: only(egressDeny) }),
  };
}
