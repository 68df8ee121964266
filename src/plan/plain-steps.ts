import type { Origin } from '../model/error.js';
import { kindOf } from '../state/kinds.js';
import type { EntriesResource, Resource } from '../state/state.js';
import { compareAttributes } from './differences.js';
import { bridgeBetween } from './bridges.js';
import type { usedSwitches } from './used-switches.js';
import { RANK_PROXY_ENDS, rankOf, type Draft } from './order.js';

export type Plain = Exclude<Resource, EntriesResource>;

export interface PlainChange {
  readonly before: Plain | null;
  readonly after: Plain | null;
  readonly action: 'create' | 'update' | 'replace' | 'delete';
  readonly why: string;
  /** Only after the commit. */
  readonly isLast?: true;
}

/** Plain resources that differ, by kind and key; two with one slot are one replacement. */
export function plainChanges(before: readonly Plain[], after: readonly Plain[]): PlainChange[] {
  const wanted = new Map(after.map((resource) => [nameOf(resource), resource]));
  const present = new Map(before.map((resource) => [nameOf(resource), resource]));
  const leaving = new Map<string, Plain>();
  for (const resource of before) {
    const slot = slotOf(resource);
    if (!wanted.has(nameOf(resource)) && slot !== undefined) leaving.set(slot, resource);
  }
  const replaced = new Set<Plain>();
  const changes: PlainChange[] = [];
  for (const resource of after) {
    const same = present.get(nameOf(resource));
    if (same !== undefined) {
      const { change, differs } = compare(same, resource);
      if (change === 'same') continue;
      const why = `differs: ${differs.join(', ')}`;
      changes.push({ before: same, after: resource, action: change, why });
      continue;
    }
    const other = leaving.get(slotOf(resource) ?? '');
    if (other === undefined) {
      changes.push({ before: null, after: resource, action: 'create', why: 'not in the kernel' });
    } else {
      replaced.add(other);
      const why = `takes the place of ${other.key}`;
      changes.push({ before: other, after: resource, action: 'replace', why });
    }
  }
  for (const resource of before) {
    if (wanted.has(nameOf(resource)) || replaced.has(resource)) continue;
    changes.push({ before: resource, after: null, action: 'delete', why: 'not in the program' });
  }
  return changes;
}

/** @param used switches of the datapath that what is there has use for */
export function plainDrafts(
  changes: readonly PlainChange[],
  nodeLinks: ReadonlySet<string>,
  used: ReturnType<typeof usedSwitches>,
  fallback: Origin,
): Draft[] {
  return changes
    .flatMap((change) => inTwo(change, used))
    .flatMap((change) => {
      const { before, after, action, why } = change;
      const resource = after ?? before;
      if (resource === null) return [];
      const phase = retires(change) ? 'retire' : 'stage';
      const step = {
        phase,
        action,
        kind: resource.kind,
        key: resource.key,
        before,
        after,
        origin: after?.origin ?? fallback,
        why,
      } as const;
      const ends = phase === 'retire' && resource.kind === 'proxy';
      return [{ step, rank: ends ? RANK_PROXY_ENDS : rankOf(resource, nodeLinks) }];
    });
}

/** What judges by the policy before the commit keeps what that policy needs until after it. */
function inTwo(change: PlainChange, used: ReturnType<typeof usedSwitches>): PlainChange[] {
  const { before, after, action, why } = change;
  if (action !== 'update' || before === null || after === null) return [change];
  const bridge = bridgeBetween(before, after, used);
  if (bridge === undefined) return [change];
  const rest: PlainChange = { ...change, before: bridge, isLast: true };
  return compare(before, bridge).change === 'same'
    ? [rest]
    : [{ before, after: bridge, action, why }, rest];
}

function retires({ action, isLast }: PlainChange): boolean {
  return action === 'delete' || isLast === true;
}

export function isPlain(resource: Resource): resource is Plain {
  return resource.kind !== 'bpf-entries';
}

function nameOf({ kind, key }: Plain): string {
  return `${kind} ${key}`;
}

function slotOf({ kind, attributes }: Plain): string | undefined {
  // The attributes are those of the kind; TypeScript cannot follow the two together.
  const of = kindOf(kind).slot as ((given: Plain['attributes']) => string | undefined) | undefined;
  const slot = of?.(attributes);
  return slot === undefined ? undefined : `${kind} ${slot}`;
}

function compare(before: Plain, after: Plain): ReturnType<typeof compareAttributes> {
  return compareAttributes(before.kind, before.attributes, after.attributes);
}
