import type { Identity } from '../model/identity.js';
import type { Labels, NodeSpec } from '../model/program.js';
import { matchesSelector } from '../model/selector.js';
import type { PolicySetInfo } from './compiled.js';
import { Ids } from './ids.js';
import { DIRECTIONS, type ParsedPolicy } from './policy-set.js';

export interface PolicySets {
  /** Identity of a subject to its policy set. */
  readonly policySets: ReadonlyMap<number, number>;
  readonly sets: ReadonlyMap<number, PolicySetInfo>;
  /** Only policies that select somebody here are in force. */
  readonly inForce: readonly ParsedPolicy[];
}

/** Groups subjects by the selectors that hold for them; policies with one selector hold together. */
export function policySetsOf(
  parsed: readonly ParsedPolicy[],
  subjects: readonly number[],
  identities: readonly Identity[],
  enforcement: NodeSpec['enforcement'],
): PolicySets {
  const groups = groupBySubject(parsed);
  const labelsOf = labelsOfSubjects(subjects, identities);
  const setIds = new Ids();
  const policySets = new Map<number, number>();
  const sets = new Map<number, PolicySetInfo>();
  const inForce = new Set<string>();
  for (const [id, labels] of labelsOf) {
    const keys: string[] = [];
    for (const [key, [first]] of groups) {
      if (first !== undefined && matchesSelector(first.spec.endpointSelector, labels)) {
        keys.push(key);
        inForce.add(key);
      }
    }
    const set = setIds.of(JSON.stringify(['policy set', keys]));
    policySets.set(id, set);
    if (!sets.has(set)) sets.set(set, setInfo(keys, groups, enforcement));
  }
  return { policySets, sets, inForce: [...inForce].flatMap((key) => groups.get(key) ?? []) };
}

/** By the text of the subject's selector, sorted. */
function groupBySubject(parsed: readonly ParsedPolicy[]): Map<string, ParsedPolicy[]> {
  const groups = new Map<string, ParsedPolicy[]>();
  for (const policy of parsed) {
    const group = groups.get(policy.subjectKey);
    if (group === undefined) groups.set(policy.subjectKey, [policy]);
    else group.push(policy);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Ascending by identity. */
function labelsOfSubjects(
  subjects: readonly number[],
  identities: readonly Identity[],
): Map<number, Labels> {
  const labels = new Map([...subjects].sort((a, b) => a - b).map((id) => [id, {}]));
  for (const identity of identities) {
    if (labels.has(identity.id)) labels.set(identity.id, identity.labels);
  }
  return labels;
}

function setInfo(
  keys: readonly string[],
  groups: ReadonlyMap<string, readonly ParsedPolicy[]>,
  enforcement: NodeSpec['enforcement'],
): PolicySetInfo {
  const policies = keys.flatMap((key) => groups.get(key) ?? []);
  const always = enforcement === 'always';
  const [ingress, egress] = DIRECTIONS.map(
    (direction) => always || policies.some((policy) => policy.isolates[direction]),
  );
  return {
    label: keys.length === 0 ? 'no policy' : keys.join(' and '),
    policies,
    isolated: { ingress: ingress === true, egress: egress === true },
  };
}
