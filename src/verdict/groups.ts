import { RESERVED } from '../model/identity.js';
import { DEFAULT_CLASS, type PolicyView, type Refs } from '../policy/compiled.js';
import type { PeerGroup } from './delta.js';
import { regionsOf } from './regions.js';

/** Where a policy keeps what it says of, and to, everybody in a group. */
export interface Seat {
  readonly identity: number | undefined;
  readonly isLocal: boolean;
  /** 0 for none. */
  readonly policySet: number;
  /** Of the group as a subject; undefined where its policy set has no version. */
  readonly refs: Refs | undefined;
  /** Of the group as a peer; undefined where nothing is known of it. */
  readonly class: number | undefined;
}

export interface SeatedGroup extends PeerGroup {
  readonly seats: readonly [before: Seat, after: Seat];
}

/** Everybody whom either policy knows. World addresses are compared by address if both have prefixes. */
export function groupPeers(before: PolicyView | null, after: PolicyView): SeatedGroup[] {
  const outside =
    before?.prefixes === undefined || after.prefixes === undefined
      ? []
      : regionsOf(before.prefixes, after.prefixes);
  // Known by prefix, not by itself.
  const byPrefix = new Set(outside.flatMap(({ before: old, after: now }) => [old ?? 0, now ?? 0]));
  const known = new Set([...(before?.classes.keys() ?? []), ...after.classes.keys()]);
  const groups = new Map<string, Mutable>();
  for (const id of [...known].sort((a, b) => a - b)) {
    if (byPrefix.has(id)) continue;
    addTo(groups, [seatOf(before, id), seatOf(after, id)], id);
  }
  for (const { prefix, before: old, after: now } of outside) {
    addTo(groups, [seatOf(before, old), seatOf(after, now)], now ?? old ?? 0, prefix);
  }
  return [...groups.values()];
}

interface Mutable extends SeatedGroup {
  readonly identities: number[];
  prefixes?: string[];
}

function addTo(
  groups: Map<string, Mutable>,
  seats: [Seat, Seat],
  id: number,
  prefix?: string,
): void {
  const [old, now] = seats;
  const key = [
    old.class ?? DEFAULT_CLASS,
    now.class ?? DEFAULT_CLASS,
    ...seats.map(({ isLocal, policySet }) => (isLocal ? String(policySet) : '')),
    // The host is judged apart when it may always reach its endpoints.
    id === RESERVED.host,
    prefix !== undefined,
  ].join(' ');
  let group = groups.get(key);
  if (group === undefined) {
    group = { identities: [], local: [old.isLocal, now.isLocal], seats };
    groups.set(key, group);
  }
  if (prefix === undefined || !group.identities.includes(id)) group.identities.push(id);
  if (prefix !== undefined) (group.prefixes ??= []).push(prefix);
}

function seatOf(view: PolicyView | null, identity: number | undefined): Seat {
  if (view === null || identity === undefined) {
    return { identity, isLocal: false, policySet: 0, refs: undefined, class: undefined };
  }
  const set = view.policySets.get(identity);
  const policySet = set ?? 0;
  return {
    identity,
    isLocal: set !== undefined,
    policySet,
    refs: view.versions.get(view.heads.get(policySet) ?? 0),
    class: view.classes.get(identity),
  };
}
