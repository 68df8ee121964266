import {
  RESERVED,
  reservedLabels,
  type Identity,
  type ReservedName,
} from '../../src/model/identity.js';
import type { Labels, PolicySpec, RuleSpec } from '../../src/model/program.js';
import type { CompileInput } from '../../src/policy/compile.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';

/** First identity of workload W; endpoint e is identity e, counted from here. */
const FIRST = 256;
/** Endpoints of this node. */
export const ENDPOINTS = 100;

const service = (n: number): string => `svc${n % 100}`;

export function labelsW(i: number): Labels {
  const s = i % 100;
  const g = Math.floor(i / 100);
  return {
    app: service(s),
    tier: `tier${s % 10}`,
    env: `env${g % 3}`,
    team: `team${Math.floor(s / 5)}`,
    namespace: `ns${g}`,
  };
}

export function policyW(r: number): PolicySpec {
  const a = r % 100;
  const j = Math.floor(r / 100);
  const rule = (labels: Labels, port: number): RuleSpec => ({
    endpoints: [{ matchLabels: labels }],
    toPorts: [{ ports: [{ port, protocol: 'TCP' }] }],
  });
  return {
    name: `rule-${r}`,
    origin: { path: `w/rule-${r}`, line: r + 1 },
    endpointSelector: { matchLabels: { app: service(a) } },
    ingress: [rule({ app: service(a + 1 + j) }, 80), rule({ tier: `tier${(a + 3) % 10}` }, 443)],
    egress: [rule({ app: service(a + 50 + j) }, 5432)],
  };
}

/** The input of the compiler: so many identities and rules, for 100 endpoints. */
export function workloadW(identities: number, rules: number): CompileInput {
  return inputOf(
    Array.from({ length: identities }, (_, i) => ({ id: FIRST + i, labels: labelsW(i) })),
    Array.from({ length: rules }, (_, r) => policyW(r)),
  );
}

/** The worst case: every rule selects one namespace of one identity, so that each is a class of its own. */
export function singletons(count: number): CompileInput {
  const identities = Array.from({ length: count }, (_, i) => ({
    id: FIRST + i,
    labels: { app: service(i), namespace: `ns${i}` },
  }));
  const policies = identities.map(({ labels }, i): PolicySpec => ({
    name: `rule-${i}`,
    origin: { path: `w/rule-${i}` },
    endpointSelector: { matchLabels: { app: service(0) } },
    ingress: [
      {
        endpoints: [{ matchLabels: { namespace: labels.namespace } }],
        toPorts: [{ ports: [{ port: 80, protocol: 'TCP' }] }],
      },
    ],
  }));
  return inputOf(identities, policies);
}

function inputOf(cluster: readonly Identity[], policies: readonly PolicySpec[]): CompileInput {
  const reserved = (Object.keys(RESERVED) as ReservedName[]).map((name) => ({
    id: RESERVED[name],
    labels: reservedLabels(name),
  }));
  return {
    policies,
    identities: [...reserved, ...cluster],
    subjects: cluster.slice(0, ENDPOINTS).map(({ id }) => id),
    node: { enforcement: 'default', allowLocalhost: true },
  };
}

/**
 * What a map for each endpoint with an entry for each identity, port and direction would hold: the
 * entries of every table that say more than its default, once for each identity of the class.
 */
export function expandedEntries(compiled: CompiledPolicy): number {
  const members = new Map<number, number>();
  for (const id of compiled.classes.values()) members.set(id, (members.get(id) ?? 0) + 1);
  let count = 0;
  for (const set of compiled.policySets.values()) {
    const refs = compiled.versions.get(compiled.heads.get(set) ?? 0);
    for (const direction of [refs?.ingress, refs?.egress]) {
      for (const [id, table] of direction ?? []) {
        const own = compiled.tables.get(table)?.filter(({ verdict }) => verdict === 'allow') ?? [];
        count += own.length * (members.get(id) ?? 0);
      }
    }
  }
  return count;
}

/** Entries that are kept instead. */
export function refCount({ versions }: CompiledPolicy): number {
  let count = 0;
  for (const { ingress, egress } of versions.values()) count += ingress.size + egress.size;
  return count;
}
