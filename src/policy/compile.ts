import type { Identity } from '../model/identity.js';
import type { NodeSpec, PolicySpec } from '../model/program.js';
import { matchesSelector } from '../model/selector.js';
import type { CompiledPolicy, PolicySetInfo, Refs } from './compiled.js';
import { Ids } from './ids.js';
import { PeerIndex, type PeerSelector } from './peers.js';
import { DIRECTIONS, parsePolicy, type ParsedPolicy } from './policy-set.js';
import { prefixIdentities } from './prefixes.js';
import type { TableEntry } from './table.js';
import { VersionCompiler } from './version.js';

export interface CompileInput {
  readonly policies: readonly PolicySpec[];
  /** Reserved identities and every one of the cluster's that can appear. */
  readonly identities: readonly Identity[];
  /** Identities of this node's endpoints. */
  readonly subjects: readonly number[];
  readonly node: Pick<NodeSpec, 'enforcement' | 'allowLocalhost'>;
}

/**
 * Compiles policies to classes, tables, versions and heads (DESIGN: policy, compiled like git
 * objects). Pure and deterministic; expects policies that were validated.
 */
export function compilePolicy(input: CompileInput): CompiledPolicy {
  const { identities, node } = input;
  const labelsOf = new Map(identities.map(({ id, labels }) => [id, labels]));
  const parsed = node.enforcement === 'never' ? [] : input.policies.map(parsePolicy);
  const subjects = [...new Set(input.subjects)].sort((a, b) => a - b);

  // Only policies that select somebody here are in force, and only their terms make classes.
  const inForce = new Set<ParsedPolicy>();
  const applying = new Map(
    subjects.map((id) => {
      const policies = parsed.filter((policy) =>
        matchesSelector(policy.spec.endpointSelector, labelsOf.get(id) ?? {}),
      );
      for (const policy of policies) inForce.add(policy);
      return [id, policies] as const;
    }),
  );
  const terms = termsOf(inForce);
  const { classes, classTerms, prefixes, all, classOf } = classify(identities, terms);

  const setIds = new Ids();
  const policySets = new Map<number, number>();
  const sets = new Map<number, PolicySetInfo>();
  for (const [id, policies] of applying) {
    const keys = [...new Set(policies.map((policy) => policy.subjectKey))].sort();
    const set = setIds.of(JSON.stringify(['policy set', keys]));
    policySets.set(id, set);
    if (!sets.has(set)) sets.set(set, setInfo(policies, node.enforcement));
  }

  const versionCompiler = new VersionCompiler(classTerms);
  const heads = new Map<number, number>();
  const versions = new Map<number, Refs>();
  for (const [set, info] of [...sets].sort(([a], [b]) => a - b)) {
    const { id, refs } = versionCompiler.compile(info);
    heads.set(set, id);
    versions.set(id, refs);
  }
  const tables: ReadonlyMap<number, readonly TableEntry[]> = versionCompiler.tables;
  return {
    classes,
    policySets,
    heads,
    versions,
    tables,
    allowLocalhost: node.allowLocalhost,
    identities: all,
    prefixes,
    sets,
    classTerms,
    classOf,
    warnings: parsed.flatMap(warningsOf),
  };
}

function termsOf(policies: Iterable<ParsedPolicy>): PeerSelector[] {
  const terms = new Map<string, PeerSelector>();
  for (const { rules } of policies) {
    for (const peer of rules.flatMap((rule) => rule.peers ?? [])) terms.set(peer.key, peer);
  }
  return [...terms.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function classify(identities: readonly Identity[], terms: readonly PeerSelector[]) {
  const index = new PeerIndex(terms);
  const ids = new Ids();
  const classTerms = new Map<number, readonly string[]>();
  const memo = new Map<string, number>();
  const classFor = (keys: readonly string[]): number => {
    const text = keys.join('\n');
    const known = memo.get(text);
    if (known !== undefined) return known;
    const id = ids.of(JSON.stringify(['class', keys]));
    memo.set(text, id);
    classTerms.set(id, keys);
    return id;
  };
  const { prefixes, identities: local, keys: cidrKeys } = prefixIdentities(terms);
  const keysOf = (identity: Identity): readonly string[] => {
    const own = index.keysOf(identity);
    const cidr = cidrKeys.get(identity.id);
    return cidr === undefined ? own : [...own, ...cidr].sort();
  };
  const classOf = (identity: Identity) => memo.get(keysOf(identity).join('\n'));
  const all = [...identities, ...local];
  const classes = new Map(all.map((identity) => [identity.id, classFor(keysOf(identity))]));
  return { classes, classTerms, prefixes, all, classOf };
}

function setInfo(
  policies: readonly ParsedPolicy[],
  enforcement: NodeSpec['enforcement'],
): PolicySetInfo {
  const always = enforcement === 'always';
  const texts = [...new Set(policies.map((policy) => policy.subjectKey))].sort();
  const [ingress, egress] = DIRECTIONS.map(
    (direction) => always || policies.some((policy) => policy.isolates[direction]),
  );
  return {
    label: texts.length === 0 ? 'no policy' : texts.join(' and '),
    policies,
    isolated: { ingress: ingress === true, egress: egress === true },
  };
}

function warningsOf({ name, spec }: ParsedPolicy): string[] {
  const lists = ['ingress', 'egress', 'ingressDeny', 'egressDeny'] as const;
  return lists
    .filter((list) => spec[list]?.length === 0)
    .map((list) => `policy ${name}: an empty list of ${list} rules has no effect; leave it out`);
}
