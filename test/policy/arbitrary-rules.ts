import fc from 'fast-check';
import { RESERVED, type ReservedName } from '../../src/model/identity.js';
import type { HTTPRuleSpec } from '../../src/model/l7.js';
import type {
  CIDRRuleSpec,
  Entity,
  Labels,
  RuleSpec,
  SelectorSpec,
} from '../../src/model/program.js';

const KEYS = ['app', 'env', 'tier'] as const;
const VALUES = ['a', 'b', 'c'] as const;
export const reservedNames = Object.keys(RESERVED) as ReservedName[];

/** Every one lies inside the one before, or beside it. */
const NESTS: readonly (readonly string[])[] = [
  ['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.128/25', '10.1.2.200/32'],
  ['0.0.0.0/0', '128.0.0.0/1', '192.168.0.0/16', '192.168.7.0/24', '192.168.7.1/32'],
  ['::/0', 'fd00::/8', 'fd00:1::/32', 'fd00:1:2::/48', 'fd00:1:2::9/128'],
];

/** Inside and on both sides of the edges of the prefixes. */
export const ADDRESSES = [
  '10.1.2.200',
  '10.1.2.201',
  '10.1.2.127',
  '10.1.2.128',
  '10.1.3.1',
  '10.2.0.1',
  '11.0.0.1',
  '127.255.255.255',
  '128.0.0.1',
  '192.168.7.1',
  '192.168.7.2',
  '192.168.8.1',
  '8.8.8.8',
  'fd00:1:2::9',
  'fd00:1:2::8',
  'fd00:1:3::1',
  'fd00:2::1',
  'fe00::1',
  '2001:db8::1',
] as const;

const NAMESPACE = 'io.kubernetes.pod.namespace';
const TEAM = 'io.cilium.k8s.namespace.labels.team';
/** Two namespaces of one team, one of another, and who is in none. */
const inNamespace: fc.Arbitrary<Labels> = fc.constantFrom<Labels>(
  {},
  { [NAMESPACE]: 'n1', [TEAM]: 'red' },
  { [NAMESPACE]: 'n2', [TEAM]: 'red' },
  { [NAMESPACE]: 'n3', [TEAM]: 'blue' },
);

export const ownLabels: fc.Arbitrary<Labels> = fc.dictionary(
  fc.constantFrom(...KEYS),
  fc.constantFrom(...VALUES),
  { maxKeys: 3, noNullPrototype: true },
);

/** What endpoints call their ports; two mean different ones by one name. */
const namedPorts: fc.Arbitrary<Labels> = fc.constantFrom<Labels>(
  {},
  {},
  { 'port:http': '80/TCP' },
  { 'port:http': '8080/TCP', 'port:dns': '53/UDP' },
  { 'port:dns': '53/TCP' },
);

/** Where endpoints and nodes are that rules with a match mode may mean. */
const inPrefixes: fc.Arbitrary<Labels> = fc.constantFrom<Labels>(
  {},
  {},
  { 'cidr:10.0.0.0/8': '', 'cidr:0.0.0.0/0': '' },
  { 'cidr:10.0.0.0/8': '', 'cidr:10.1.0.0/16': '', 'cidr:0.0.0.0/0': '' },
);

export const nodeLabels = fc
  .tuple(ownLabels, inPrefixes)
  .map(([own, prefixes]): Labels => ({ ...own, ...prefixes }));

export const labels = fc
  .tuple(ownLabels, inNamespace, namedPorts, inPrefixes)
  .map(([own, space, ports, prefixes]): Labels => ({ ...own, ...space, ...ports, ...prefixes }));

const expression = fc
  .record({
    key: fc.constantFrom<string>(...KEYS),
    operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
    some: fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 2 }),
  })
  .map(({ key, operator, some }) =>
    operator === 'In' || operator === 'NotIn' ? { key, operator, values: some } : { key, operator },
  ) as fc.Arbitrary<NonNullable<SelectorSpec['matchExpressions']>[number]>;

export const selector: fc.Arbitrary<SelectorSpec> = fc.oneof(
  { weight: 4, arbitrary: ownLabels.map((matchLabels): SelectorSpec => ({ matchLabels })) },
  { weight: 1, arbitrary: fc.constant<SelectorSpec>({}) },
  {
    weight: 3,
    arbitrary: fc.array(expression, { minLength: 1, maxLength: 2 }).map((matchExpressions) => ({
      matchExpressions,
    })),
  },
);

const namespaceSelector = fc.constantFrom<SelectorSpec>(
  { matchLabels: { [NAMESPACE]: 'n1' } },
  { matchLabels: { app: 'a', [NAMESPACE]: 'n2' } },
  { matchLabels: { [TEAM]: 'red' } },
  { matchExpressions: [{ key: NAMESPACE, operator: 'Exists' }] },
  { matchExpressions: [{ key: NAMESPACE, operator: 'NotIn', values: ['n1'] }] },
);

/** Selectors of peers may ask for a reserved label; those of subjects mean endpoints. */
const peerSelector: fc.Arbitrary<SelectorSpec> = fc.oneof(
  { weight: 8, arbitrary: selector },
  { weight: 2, arbitrary: namespaceSelector },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...reservedNames)
      .map((name): SelectorSpec => ({ matchLabels: { [`reserved:${name}`]: '' } })),
  },
);

const entity = fc.constantFrom<Entity>('all', 'none', 'cluster', ...reservedNames);

const cidrSet: fc.Arbitrary<CIDRRuleSpec> = fc
  .record({ nest: fc.constantFrom(...NESTS), at: fc.nat(5), holes: fc.subarray([1, 2, 3, 4, 5]) })
  .map(({ nest, at, holes }) => {
    const place = Math.min(at, nest.length - 1);
    const except = holes.filter((n) => n > place && n < nest.length).map((n) => nest[n]!);
    return { cidr: nest[place]!, ...(except.length === 0 ? {} : { except }) };
  });

const peers: fc.Arbitrary<Partial<RuleSpec>> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  { weight: 5, arbitrary: fc.record({ endpoints: fc.array(peerSelector, { maxLength: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ cidrSet: fc.array(cidrSet, { maxLength: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      cidr: fc.array(fc.constantFrom(...NESTS.flat()), { maxLength: 2 }),
      cidrSet: fc.array(cidrSet, { maxLength: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      cidrSet: fc.array(cidrSet, { minLength: 1, maxLength: 3 }),
      cidrMatchMode: fc.subarray(['pods', 'nodes'] as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ nodes: fc.array(selector, { maxLength: 2 }) }) },
  { weight: 4, arbitrary: fc.record({ entities: fc.array(entity, { maxLength: 2 }) }) },
);

/** Edges of power-of-two blocks and of the range itself, where prefixes of ports go wrong. */
const EDGES = [1, 2, 53, 79, 80, 81, 127, 128, 443, 1023, 1024, 8080, 32767, 32768, 65534, 65535];
export const edge = fc.constantFrom(...EDGES);

const portSpec = fc
  .record({
    ends: fc.tuple(edge, edge).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
    isRange: fc.boolean(),
    asText: fc.boolean(),
    protocol: fc.constantFrom('TCP', 'UDP', 'SCTP', 'ANY', undefined),
  })
  .map(({ ends: [from, to], isRange, asText, protocol }) => ({
    port: asText ? String(from) : from,
    ...(isRange ? { endPort: to } : {}),
    ...(protocol === undefined ? {} : { protocol }),
  }));

const namedPort = fc
  .record({
    port: fc.constantFrom('http', 'dns', 'nobody'),
    protocol: fc.constantFrom('TCP', 'UDP', 'ANY', undefined),
  })
  .map(({ port, protocol }) => ({ port, ...(protocol === undefined ? {} : { protocol }) }));

export const TYPES = [0, 3, 8, 128, 129, 255] as const;
const icmpField = fc
  .record({ family: fc.constantFrom('IPv4', 'IPv6', undefined), type: fc.constantFrom(...TYPES) })
  .map(({ family, type }) => ({ type, ...(family === undefined ? {} : { family }) }));

const traffic: fc.Arbitrary<Partial<RuleSpec>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 5,
    arbitrary: fc
      .array(
        fc.array(fc.oneof({ weight: 5, arbitrary: portSpec }, namedPort), {
          minLength: 1,
          maxLength: 3,
        }),
        { minLength: 1, maxLength: 2 },
      )
      .map((groups) => ({ toPorts: groups.map((ports) => ({ ports })) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(icmpField, { minLength: 1, maxLength: 2 })
      .map((fields) => ({ icmps: [{ fields }] })),
  },
);

export const rule: fc.Arbitrary<RuleSpec> = fc
  .tuple(peers, traffic)
  .map(([a, b]) => ({ ...a, ...b }));

/** Expressions that are inside one another, or beside. */
export const httpRule: fc.Arbitrary<HTTPRuleSpec> = fc
  .record({
    method: fc.constantFrom(undefined, undefined, 'GET', 'PUT', 'GET|PUT'),
    path: fc.constantFrom(undefined, '/x', '/xy', '/x.*', '/x|/z', '/x[yz]', '/.*'),
    headers: fc.constantFrom<(string[] | undefined)[]>(undefined, undefined, ['X-A'], ['x-a: 1']),
  })
  .map(
    (one) => Object.fromEntries(Object.entries(one).filter(([, v]) => v !== undefined)) as object,
  );

/** Requests on both sides of each of those expressions. */
export const REQUESTS = ['GET', 'PUT', 'POST'].flatMap((method) =>
  ['/x', '/xy', '/xq', '/z', '/'].flatMap((path) =>
    [[], [['X-A', '1']], [['x-a', '2']]].map((headers) => ({
      method,
      path,
      headers: headers as [string, string][],
    })),
  ),
);

/** Half of the groups of ports let only some requests through. */
export const ruleWithRequests: fc.Arbitrary<RuleSpec> = fc
  .tuple(
    rule,
    fc.array(fc.option(fc.array(httpRule, { maxLength: 3 })), { minLength: 2, maxLength: 2 }),
  )
  .map(([one, filters]) => {
    if (one.toPorts === undefined) return one;
    const toPorts = one.toPorts.map((group, i) => {
      const http = filters[i] ?? undefined;
      return http === undefined ? group : { ...group, rules: { http } };
    });
    return { ...one, toPorts };
  });
