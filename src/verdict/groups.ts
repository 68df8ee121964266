import { RESERVED } from '../model/identity.js';
import { DEFAULT_CLASS, type PolicyView, type Refs } from '../policy/compiled.js';
import { regionsOf } from './regions.js';

/** Where a policy keeps what it says of, and to, everybody in a group. */
export interface Seat {
  readonly identity: number | undefined;
  /** An endpoint of this node, or the node itself where a policy is about it. */
  readonly isLocal: boolean;
  /** What its policies deny is let through, and told. */
  readonly isAudited: boolean;
  /** 0 for none. */
  readonly policySet: number;
  /** Of the group as a subject; undefined where its policy set has no version. */
  readonly refs: Refs | undefined;
  /** Of the group as a peer; undefined where nothing is known of it. */
  readonly class: number | undefined;
}

/** Identities that both policies treat alike, so that one of them speaks for all. */
export interface PeerGroup {
  /** As the later policy numbers them; as the earlier does, where the later knows them no more. */
  readonly identities: readonly number[];
  /** Of addresses outside, where both policies say who is there: which ones are meant. */
  readonly prefixes?: readonly string[];
  /** Where the two policies keep what they say of the first of them. */
  readonly seats: Seats;
}

export type Seats = readonly [before: Seat, after: Seat];

/** Everybody whom either policy knows. World addresses are compared by address if both have prefixes. */
export function groupPeers(before: PolicyView | null, after: PolicyView): PeerGroup[] {
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
    for (const seats of seatsOf(before, after, id)) addTo(groups, seats, id);
  }
  for (const { prefix, before: old, after: now } of outside) {
    addTo(groups, [seatOf(before, old), seatOf(after, now)], now ?? old ?? 0, prefix);
  }
  return [...groups.values()];
}

interface Mutable extends PeerGroup {
  readonly identities: number[];
  prefixes?: string[];
}

/** Equal for those whom both policies treat alike. */
export function seatKey(seats: Seats): string {
  return seats
    .map(({ class: id, isLocal, isAudited, policySet }) =>
      [id ?? DEFAULT_CLASS, isLocal ? policySet : '', isAudited].join(' '),
    )
    .join(' ');
}

function addTo(groups: Map<string, Mutable>, seats: Seats, id: number, prefix?: string): void {
  // The host is judged apart when it may always reach its endpoints.
  const key = [seatKey(seats), id === RESERVED.host, prefix !== undefined].join(' ');
  let group = groups.get(key);
  if (group === undefined) {
    group = { identities: [], seats };
    groups.set(key, group);
  }
  if (prefix === undefined || !group.identities.includes(id)) group.identities.push(id);
  if (prefix !== undefined) (group.prefixes ??= []).push(prefix);
}

/** Endpoints of one identity may be audited each for itself. */
function seatsOf(before: PolicyView | null, after: PolicyView, id: number): Seats[] {
  const [old, now] = [seatOf(before, id), seatOf(after, id)];
  const was = before?.audits?.get(id);
  const is = after.audits?.get(id);
  const addresses = [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])];
  const audited = addresses.map((address) => {
    const [a, b] = [was?.get(address), is?.get(address)];
    return [
      was === undefined ? false : (a ?? b ?? false),
      is === undefined ? false : (b ?? a ?? false),
    ] as const;
  });
  const distinct = new Map(audited.map((pair) => [pair.join(' '), pair]));
  if (distinct.size === 0) return [[old, now]];
  return [...distinct.values()].map(([a, b]) => [
    { ...old, isAudited: a && old.isLocal },
    { ...now, isAudited: b && now.isLocal },
  ]);
}

export function seatOf(view: PolicyView | null, identity: number | undefined): Seat {
  const nobody = { identity, isLocal: false, isAudited: false, policySet: 0 };
  if (view === null || identity === undefined) {
    return { ...nobody, refs: undefined, class: undefined };
  }
  const set = view.policySets.get(identity);
  const policySet = set ?? 0;
  return {
    ...nobody,
    isLocal: set !== undefined,
    policySet,
    refs: view.versions.get(view.heads.get(policySet) ?? 0),
    class: view.classes.get(identity),
  };
}
