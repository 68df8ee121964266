import fc from 'fast-check';
import {
  NODE_IDENTITY_MIN,
  RESERVED,
  reservedLabels,
  type Identity,
  type ReservedName,
} from '../../src/model/identity.js';
import type { Labels, PolicySpec, RuleSpec } from '../../src/model/program.js';
import {
  ADDRESSES,
  edge,
  labels,
  nodeLabels,
  ownLabels,
  reservedNames,
  rule,
  ruleWithRequests,
  selector,
  TYPES,
} from './arbitrary-rules.js';
import type { End, NaiveNode, Packet } from './naive.js';

/** Everything that a verdict can depend on, small enough that rules and packets often meet. */
export interface PolicyWorld {
  readonly policies: readonly PolicySpec[];
  /** Labels of the cluster's endpoints; endpoint n has identity 256 + n, the first `local` live here. */
  readonly endpoints: readonly Labels[];
  readonly local: number;
  /** Labels of other nodes; node n has identity NODE_IDENTITY_MIN + n. */
  readonly nodes: readonly Labels[];
  readonly node: NaiveNode;
}

export const FIRST = 256;
const rulesOf = (one: fc.Arbitrary<RuleSpec>) =>
  fc.option(fc.array(one, { maxLength: 3 }), { nil: undefined, freq: 2 });
const denials = rulesOf(rule);
const flag = fc.option(fc.boolean(), { nil: undefined, freq: 1 });

const ranked: fc.Arbitrary<readonly RuleSpec[]> = fc.array(
  fc
    .tuple(rule, fc.constantFrom('Accept', 'Deny', 'Pass'))
    .map(([one, action]): RuleSpec => ({ ...one, action })),
  { maxLength: 3 },
);

/** Few priorities, so that policies meet at one. */
const policyOfTier: fc.Arbitrary<Omit<PolicySpec, 'name' | 'origin'>> = fc
  .record({
    endpointSelector: selector,
    tier: fc.constantFrom('Admin', 'Baseline'),
    priority: fc.nat(2),
    ingress: ranked,
    egress: ranked,
    audit: fc.constantFrom(true, undefined, undefined, undefined, undefined),
  })
  .map((spec) => defined(spec) as Omit<PolicySpec, 'name' | 'origin'>);

const plainPolicyOf = (
  one: fc.Arbitrary<RuleSpec>,
): fc.Arbitrary<Omit<PolicySpec, 'name' | 'origin'>> =>
  fc
    .record({
      endpointSelector: selector,
      namespace: fc.option(fc.constantFrom('n1', 'n2'), { nil: undefined, freq: 1 }),
      ingress: rulesOf(one),
      ingressDeny: denials,
      egress: rulesOf(one),
      egressDeny: denials,
      audit: fc.constantFrom(true, undefined, undefined, undefined, undefined),
      enableDefaultDeny: fc.option(fc.record({ ingress: flag, egress: flag }).map(defined), {
        nil: undefined,
        freq: 1,
      }),
    })
    .map((spec) => defined(spec) as Omit<PolicySpec, 'name' | 'origin'>);

/** About the node itself. */
const hostPolicyOf = (one: fc.Arbitrary<RuleSpec>) =>
  fc.tuple(plainPolicyOf(one), selector).map(([spec, nodeSelector]) => {
    const { endpointSelector, namespace, ...rest } = spec;
    return [endpointSelector, namespace].length > 0 ? { ...rest, nodeSelector } : spec;
  });

const policiesOf = (one: fc.Arbitrary<RuleSpec>): fc.Arbitrary<PolicySpec[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: plainPolicyOf(one) },
        { weight: 2, arbitrary: policyOfTier },
        hostPolicyOf(one),
      ),
      { maxLength: 5 },
    )
    .map((list) =>
      list.map((spec, i) => ({ name: `p${i}`, origin: { path: `p${i}`, line: i + 1 }, ...spec })),
    );

export const policies = policiesOf(rule);
/** Many of their rules let only some requests through. */
export const policiesWithRequests = policiesOf(ruleWithRequests);

const worldOf = (some: fc.Arbitrary<PolicySpec[]>): fc.Arbitrary<PolicyWorld> =>
  fc.record({
    policies: some,
    endpoints: fc.uniqueArray(labels, { minLength: 1, maxLength: 8, selector: textOf }),
    local: fc.integer({ min: 1, max: 4 }),
    nodes: fc.uniqueArray(nodeLabels, { minLength: 1, maxLength: 2, selector: textOf }),
    node: fc.record({
      enforcement: fc.constantFrom('default', 'default', 'default', 'always', 'never'),
      allowLocalhost: fc.boolean(),
      labels: ownLabels,
    }),
  });

export const world = worldOf(policies);
export const worldWithRequests = worldOf(policiesWithRequests);

const FURTHER_PROTOCOLS = [47, 50, 255] as const;

const protocolAndPort = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constantFrom(6, 17, 132),
      fc.oneof(edge, fc.integer({ min: 0, max: 65_535 })),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constantFrom(1, 58),
      fc.constantFrom(...TYPES).map((type) => type << 8),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...FURTHER_PROTOCOLS), fc.constant(0)) },
);

/** Which endpoint, counted modulo those that there are, so that a packet fits any world. */
interface Pick {
  /** Of this node's endpoints, or the node itself. */
  readonly here: number | 'host';
  readonly other: number | ReservedName | { readonly address: string } | { readonly node: number };
  readonly isOutgoing: boolean;
  readonly traffic: readonly [number, number];
}

const pick: fc.Arbitrary<Pick> = fc.record({
  here: fc.oneof({ weight: 5, arbitrary: fc.nat(3) }, fc.constant('host' as const)),
  other: fc.oneof(
    { weight: 4, arbitrary: fc.nat(7) },
    { weight: 2, arbitrary: fc.constantFrom(...reservedNames) },
    { weight: 4, arbitrary: fc.record({ address: fc.constantFrom(...ADDRESSES) }) },
    { weight: 2, arbitrary: fc.record({ node: fc.nat(1) }) },
  ),
  isOutgoing: fc.boolean(),
  traffic: protocolAndPort,
});

/** An endpoint of this node, and anybody else, in either direction. */
function packetOf(
  { endpoints, local, nodes }: PolicyWorld,
  { here, other, isOutgoing, traffic }: Pick,
): Packet {
  const endpoint = (n: number): End => ({
    kind: 'endpoint',
    labels: endpoints[n]!,
    isLocal: n < local,
  });
  const isHost = here === 'host';
  const one: End = isHost
    ? { kind: 'reserved', name: 'host' }
    : endpoint(here % Math.min(local, endpoints.length));
  const another: End =
    typeof other === 'number' || (isHost && other === 'host')
      ? endpoint((other === 'host' ? 0 : other) % endpoints.length)
      : typeof other === 'string'
        ? { kind: 'reserved', name: other }
        : 'node' in other
          ? { kind: 'node', labels: nodes[other.node % nodes.length]! }
          : { kind: 'address', address: other.address };
  const [from, to] = isOutgoing ? [one, another] : [another, one];
  return { from, to, protocol: traffic[0], port: traffic[1] };
}

/** A world and up to `count` packets in it, as many as that when nothing is being shrunk. */
export function worldWithPackets(count: number): fc.Arbitrary<readonly [PolicyWorld, Packet[]]> {
  const picks = fc.array(pick, { minLength: 1, maxLength: count, size: 'max' });
  return fc
    .tuple(world, picks)
    .map(([one, some]) => [one, some.map((single) => packetOf(one, single))] as const);
}

/** Reserved identities and the world's own. */
export function identitiesOf({ endpoints, nodes, node }: PolicyWorld): Identity[] {
  return [
    ...reservedNames.map((name) => ({
      id: RESERVED[name],
      labels: { ...reservedLabels(name), ...(name === 'host' ? node.labels : {}) },
    })),
    ...nodes.map((own, n) => ({
      id: NODE_IDENTITY_MIN + n,
      labels: { ...reservedLabels('remote-node'), ...own },
    })),
    ...endpoints.map((own, n) => ({ id: FIRST + n, labels: own })),
  ];
}

export function subjectsOf({ endpoints, local }: PolicyWorld): number[] {
  return endpoints.slice(0, local).map((_, n) => FIRST + n);
}

function textOf(own: Labels): string {
  return JSON.stringify(Object.entries(own).sort());
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as Partial<T>;
}
