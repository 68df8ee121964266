import type { PolicyView } from '../policy/compiled.js';
import { comparePairs, type VerdictChange } from './delta.js';
import { groupPeers, seatKey, seatOf, type PeerGroup, type Seats } from './groups.js';

/**
 * What {@link verdictDelta} is for those who exist, for identities that nobody has yet: as peers, and as
 * endpoints of this node. What is said of somebody who exists, for the same reason, is not said again.
 * @param before with `nobody` among its identities and subjects; `null` is a node without any policy
 * @param after with them, too
 * @param nobody numbers that only they have
 * @param isAudited whether an endpoint that comes would only be audited, before and after
 */
export function admittedDelta(
  before: PolicyView | null,
  after: PolicyView,
  nobody: ReadonlySet<number>,
  isAudited: readonly [before: boolean, after: boolean],
): VerdictChange[] {
  const present = groupPeers(before && without(before, nobody), without(after, nobody));
  const taken = new Set(present.map(({ seats }) => seatKey(seats)));
  const absent = [...nobody].flatMap((id) =>
    seatsOf(before, after, id, isAudited).flatMap((seats): PeerGroup[] => {
      const key = seatKey(seats);
      if (taken.has(key)) return [];
      taken.add(key);
      return [{ identities: [id], seats }];
    }),
  );
  const compare = comparePairs(before, after);
  const likeness = { byClass: groupBy(present, classKey), bySet: groupBy(present, setKey) };
  const everybody = [...present, ...absent];
  const isAbsent = new Set(absent);
  const changes: VerdictChange[] = [];
  const add = (from: PeerGroup, to: PeerGroup): void => {
    for (const change of compare(from, to)) {
      const ends = (['from', 'to'] as const).filter((end) => isAbsent.has(change[end]));
      if (!ends.some((end) => isSaid(change, end, likeness, compare))) changes.push(change);
    }
  };
  for (const one of absent) {
    for (const other of everybody) {
      const isSomebodyHere = one.seats[1].isLocal || other.seats[1].isLocal;
      if (!isSomebodyHere) continue;
      add(one, other);
      // Pairs of two who do not exist come by in both orders.
      if (!isAbsent.has(other)) add(other, one);
    }
  }
  return changes;
}

/** Elsewhere, and here. */
function seatsOf(
  before: PolicyView | null,
  after: PolicyView,
  id: number,
  [was, is]: readonly [boolean, boolean],
): Seats[] {
  const here: Seats = [
    { ...seatOf(before, id), isAudited: was },
    { ...seatOf(after, id), isAudited: is },
  ];
  const elsewhere = here.map((seat) => ({
    ...seat,
    isLocal: false,
    isAudited: false,
    policySet: 0,
    refs: undefined,
  })) as unknown as Seats;
  return [elsewhere, here];
}

function without(view: PolicyView, nobody: ReadonlySet<number>): PolicyView {
  const kept = (map: ReadonlyMap<number, number>) =>
    new Map([...map].filter(([id]) => !nobody.has(id)));
  return { ...view, classes: kept(view.classes), policySets: kept(view.policySets) };
}

interface Likeness {
  readonly byClass: ReadonlyMap<string, readonly PeerGroup[]>;
  readonly bySet: ReadonlyMap<string, readonly PeerGroup[]>;
}

/** Whether somebody who exists, at the place of one who does not, meets the same change for the same reason. */
function isSaid(
  change: VerdictChange,
  end: 'from' | 'to',
  { byClass, bySet }: Likeness,
  compare: ReturnType<typeof comparePairs>,
): boolean {
  const { from, to, directions } = change;
  const mine = change[end];
  // An end is the subject in one direction and the peer in the other.
  const subjectIn = end === 'from' ? 'egress' : 'ingress';
  const isSubject = directions.includes(subjectIn);
  const isPeer = directions.some((direction) => direction !== subjectIn);
  const like = isSubject ? bySet.get(setKey(mine)) : byClass.get(classKey(mine));
  const text = textOf(change);
  return (like ?? []).some((other) => {
    if (isPeer && classKey(mine) !== classKey(other)) return false;
    const [a, b] = end === 'from' ? [other, to] : [from, other];
    const isHere = a.seats[1].isLocal || b.seats[1].isLocal;
    return isHere && compare(a, b).some((one) => textOf(one) === text);
  });
}

function textOf({ kind, ports, directions, filters, audited }: VerdictChange): string {
  return JSON.stringify([kind, ports, directions, filters, audited]);
}

function classKey({ seats }: PeerGroup): string {
  return seats.map((seat) => seat.class ?? 0).join(' ');
}

function setKey({ seats }: PeerGroup): string {
  return seats.map(({ isLocal, policySet }) => (isLocal ? String(policySet) : '-')).join(' ');
}

function groupBy(
  groups: readonly PeerGroup[],
  keyOf: (group: PeerGroup) => string,
): Map<string, PeerGroup[]> {
  const map = new Map<string, PeerGroup[]>();
  for (const group of groups) {
    // Prefixes and the host are nobody's likeness.
    if (group.prefixes !== undefined || group.identities.every((id) => id < 256)) continue;
    map.set(keyOf(group), [...(map.get(keyOf(group)) ?? []), group]);
  }
  return map;
}
