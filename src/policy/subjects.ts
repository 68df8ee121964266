import { RESERVED, type Identity } from '../model/identity.js';
import type { Labels, NodeSpec } from '../model/program.js';
import { matchesSelector } from '../model/selector.js';
import type { PolicySetInfo } from './compiled.js';
import { Ids } from './ids.js';
import { DIRECTIONS, type Direction, type ParsedPolicy } from './policy-set.js';
import type { Ends } from './table.js';
import type { End } from './tiers.js';

export interface PolicySets {
  /** Identity of a subject to its policy set. */
  readonly policySets: ReadonlyMap<number, number>;
  readonly sets: ReadonlyMap<number, PolicySetInfo>;
  /** Only policies that select somebody here are in force. */
  readonly inForce: ReadonlySet<ParsedPolicy>;
}

/**
 * Groups subjects by the selectors that hold for them; policies with one selector hold together.
 * Remembers for as long as it lives whom a selector selects, and what has not changed.
 */
export class Subjects {
  private readonly labelsOf: ReadonlyMap<number, Labels>;
  private readonly selected = new Map<string, readonly number[]>();
  private readonly ids = new Ids();
  private infos: ReadonlyMap<number, PolicySetInfo> = new Map();

  constructor(
    subjects: readonly number[],
    identities: readonly Identity[],
    private readonly node: Pick<NodeSpec, 'enforcement' | 'labels'>,
  ) {
    this.labelsOf = labelsOfSubjects(subjects, identities).set(RESERVED.host, node.labels ?? {});
  }

  get salted(): boolean {
    return this.ids.salted;
  }

  /** A set's info is the same object as last time when the same policies make it. */
  policySets(parsed: readonly ParsedPolicy[]): PolicySets {
    const groups = groupBySubject(parsed);
    const keysOf = new Map<number, string[]>();
    for (const id of this.labelsOf.keys()) keysOf.set(id, []);
    const inForce = new Set<ParsedPolicy>();
    for (const [key, policies] of groups) {
      const selected = this.selectedBy(key, policies);
      for (const id of selected) keysOf.get(id)?.push(key);
      if (selected.length > 0) for (const policy of policies) inForce.add(policy);
    }
    const policySets = new Map<number, number>();
    const sets = new Map<number, PolicySetInfo>();
    for (const [id, keys] of keysOf) {
      // Nothing is judged at the node itself as long as no policy is about it.
      if (id === RESERVED.host && keys.length === 0) continue;
      const set = this.ids.of(JSON.stringify(['policy set', keys]));
      policySets.set(id, set);
      if (!sets.has(set)) sets.set(set, this.infoOf(set, keys, groups));
    }
    this.infos = sets;
    return { policySets, sets, inForce };
  }

  private selectedBy(key: string, [first]: readonly ParsedPolicy[]): readonly number[] {
    const known = this.selected.get(key);
    if (known !== undefined || first === undefined) return known ?? [];
    const { endpointSelector, nodeSelector } = first.spec;
    const selector = nodeSelector ?? endpointSelector ?? {};
    const selected = [...this.labelsOf]
      .filter(([id, labels]) => {
        return (
          (id === RESERVED.host) === (nodeSelector !== undefined) &&
          matchesSelector(selector, labels)
        );
      })
      .map(([id]) => id);
    this.selected.set(key, selected);
    return selected;
  }

  private infoOf(
    set: number,
    keys: readonly string[],
    groups: ReadonlyMap<string, readonly ParsedPolicy[]>,
  ): PolicySetInfo {
    const [only = ''] = keys;
    const policies =
      keys.length === 1 ? (groups.get(only) ?? []) : keys.flatMap((key) => groups.get(key) ?? []);
    const known = this.infos.get(set);
    if (known !== undefined && isSame(known.policies, policies)) return known;
    const enforced = policies.some(({ spec }) => spec.audit === true)
      ? policies.filter(({ spec }) => spec.audit !== true)
      : policies;
    const [ingress, egress] = DIRECTIONS.map((direction) => ({
      judged: this.end(policies, direction),
      enforced: this.end(enforced, direction),
    })) as [Ends, Ends];
    return {
      label: keys.length === 0 ? 'no policy' : keys.join(' and '),
      policies,
      isolated: { ingress: ingress.judged !== 'open', egress: egress.judged !== 'open' },
      ends: { ingress, egress },
    };
  }

  private end(policies: readonly ParsedPolicy[], direction: Direction): End {
    if (policies.some(({ isolates }) => isolates[direction])) return 'isolated';
    return this.node.enforcement === 'always' ? 'closed' : 'open';
  }
}

function isSame(a: readonly ParsedPolicy[], b: readonly ParsedPolicy[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
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
  const none: Labels = {};
  const labels = new Map([...subjects].sort((a, b) => a - b).map((id) => [id, none]));
  for (const identity of identities) {
    if (labels.has(identity.id)) labels.set(identity.id, identity.labels);
  }
  return labels;
}
