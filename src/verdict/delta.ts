import { RESERVED } from '../model/identity.js';
import { DEFAULT_CLASS, type PolicyView } from '../policy/compiled.js';
import type { Direction } from '../policy/policy-set.js';
import type { TableEntry } from '../policy/table.js';
import { groupPeers, type PeerGroup, type Seat } from './groups.js';
import { compareSides, type PortChange, type Side, type Sides } from './segments.js';

/** Connections whose verdict changes. */
export interface VerdictChange extends PortChange {
  readonly from: PeerGroup;
  readonly to: PeerGroup;
}

/**
 * Which connections are judged otherwise by a policy than by the one before it: exact over all identities that
 * either knows, all protocols and all ports, and if both have prefixes, over all addresses outside.
 * One end must be an endpoint of this node afterwards; `null` is a node without any.
 */
export function verdictDelta(before: PolicyView | null, after: PolicyView): VerdictChange[] {
  const groups = groupPeers(before, after);
  const local = groups.filter(({ seats }) => seats[1].isLocal);
  const compare = comparePairs(before, after);
  return groups.flatMap((from) =>
    (from.seats[1].isLocal ? groups : local).flatMap((to) => compare(from, to)),
  );
}

const NONE: VerdictChange[] = [];

/** What changes between two groups. */
export function comparePairs(
  before: PolicyView | null,
  after: PolicyView,
): (from: PeerGroup, to: PeerGroup) => VerdictChange[] {
  const compare = comparer();
  return (from, to) => {
    const wasHere = before !== null && (from.seats[0].isLocal || to.seats[0].isLocal);
    const old = wasHere ? sidesOf(before, from.seats[0], to.seats[0]) : undefined;
    const changes = compare(old, sidesOf(after, from.seats[1], to.seats[1]));
    return changes.length === 0 ? NONE : changes.map((change) => ({ from, to, ...change }));
  };
}

function sidesOf(view: PolicyView, source: Seat, destination: Seat): Side[] {
  const sides: Side[] = [];
  if (source.isLocal) sides.push(sideOf(view, 'egress', source, destination));
  const isHost = source.identity === RESERVED.host && view.allowLocalhost;
  if (destination.isLocal && !isHost) sides.push(sideOf(view, 'ingress', destination, source));
  return sides;
}

function sideOf(view: PolicyView, direction: Direction, subject: Seat, peer: Seat): Side {
  const { isAudited } = subject;
  const { listeners } = view;
  return { direction, table: tableAt(view, direction, subject, peer), isAudited, listeners };
}

function tableAt(
  view: PolicyView,
  direction: Direction,
  subject: Seat,
  peer: Seat,
): readonly TableEntry[] | undefined {
  if (peer.class === undefined) return undefined;
  const refs = subject.refs?.[direction];
  const table = refs?.get(peer.class) ?? refs?.get(DEFAULT_CLASS);
  return table === undefined ? undefined : view.tables.get(table);
}

/** Compares tables once for each combination of contents: there are few tables and many pairs. */
function comparer(): (before: Sides, after: Sides) => readonly PortChange[] {
  const numberOf = new Map<readonly TableEntry[] | undefined, number>();
  const byText = new Map<string, number>();
  const memo = new Map<string, readonly PortChange[]>();
  const number = (table: readonly TableEntry[] | undefined): number => {
    const known = numberOf.get(table);
    if (known !== undefined) return known;
    const text = table === undefined ? '' : JSON.stringify(table);
    const own = byText.get(text) ?? byText.size;
    byText.set(text, own);
    numberOf.set(table, own);
    return own;
  };
  const textOf = (sides: Sides): string =>
    sides === undefined
      ? 'nobody'
      : sides
          .map(
            (side) => `${side.direction} ${String(number(side.table))} ${String(side.isAudited)}`,
          )
          .join();
  return (before, after) => {
    const [was, is] = [textOf(before), textOf(after)];
    // The same tables say the same: listeners are numbered by what they let through.
    if (was === is) return [];
    const key = `${was}>${is}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const changes = compareSides(before, after);
    memo.set(key, changes);
    return changes;
  };
}
