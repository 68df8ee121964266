import { hex8 } from '../state/columns.js';
import { Classes } from './classes.js';
import { columnsAt, type BothHeads, type Entries } from './entries-view.js';
import { freshId } from './fresh-id.js';
import { pairKey, routeMoves, type Judged, type Move, type Pair } from './moves.js';
import { prefixMoves } from './prefix-moves.js';
import { Refs } from './refs.js';

export interface ClassMoves {
  readonly moves: readonly Move[];
  /** Version -> its refs while the heads flip, where they are not simply those of its program. */
  readonly refs: ReadonlyMap<number, Refs>;
  /** Identity -> class while the heads flip, where it is not the new one. */
  readonly byIdentity: ReadonlyMap<number, number>;
}

/** The ways of identities whose class differs. */
export function moveClasses(before: Entries, after: Entries, heads: BothHeads): ClassMoves {
  const classes = {
    before: new Classes(columnsAt(before, 'plumb_classes')),
    after: new Classes(columnsAt(after, 'plumb_classes')),
  };
  const identities = movingIdentities(before, after, classes);
  const live = { before: new Set(heads.before.values()), after: new Set(heads.after.values()) };
  const versions = [...new Set([...live.before, ...live.after])].sort((a, b) => a - b);
  const refs = new Map(
    versions.map((version) => {
      const key = `plumb_refs/${hex8(version)}`;
      return [version, { before: refsAt(before, key), after: refsAt(after, key) }];
    }),
  );
  const only = {
    before: versions.filter((version) => !live.after.has(version)),
    after: versions.filter((version) => !live.before.has(version)),
  };
  const used = { before: classes.before.used(), after: classes.after.used() };
  const signature = (side: 'before' | 'after', id: number): string =>
    only[side].map((version) => refs.get(version)?.[side].signature(id)).join(' ');
  const taken = new Set([...used.before, ...used.after]);
  const judged: Judged = {
    usedBefore: (id) => used.before.has(id),
    usedAfter: (id) => used.after.has(id),
    before: memo((id) => signature('before', id)),
    after: memo((id) => signature('after', id)),
    fresh: (pair) => freshId('class', pair, taken),
  };
  const moves = routeMoves([...identities.values()], judged);
  const via = new Map(moves.map((move) => [pairKey(move), move.via]));

  const changed = new Map<number, Refs>();
  for (const version of versions) {
    const both = refs.get(version);
    if (both === undefined || moves.length === 0) continue;
    // A version that both policies use judges `from` and `to` alike: its name is its rules.
    const shared = live.before.has(version) && live.after.has(version);
    const side = live.before.has(version) ? 'before' : 'after';
    const own = shared ? both.after : both[side];
    let made = own;
    for (const move of moves) {
      if (shared && (move.via === move.from || move.via === move.to)) continue;
      made = made.alike(move.via, {
        refs: own,
        id: shared || side === 'after' ? move.to : move.from,
      });
    }
    if (made !== own) changed.set(version, made);
  }
  return {
    moves,
    refs: changed,
    byIdentity: new Map(
      [...identities].map(([identity, pair]) => [identity, via.get(pairKey(pair)) ?? pair.to]),
    ),
  };
}

/** Identities whose class differs, or that addresses leave or join because a prefix goes or comes. */
function movingIdentities(
  before: Entries,
  after: Entries,
  classes: { readonly before: Classes; readonly after: Classes },
): Map<number, Pair> {
  const moving = new Map<number, Pair>();
  const add = (identity: number, from: number | undefined, to: number | undefined): void => {
    if (from !== undefined && to !== undefined && from !== to) moving.set(identity, { from, to });
  };
  for (const [identity, from, to] of classes.before.changes(classes.after)) add(identity, from, to);
  const lpm = 'plumb_ipcache_lpm';
  const { arrivals, departures } = prefixMoves(columnsAt(before, lpm), columnsAt(after, lpm));
  for (const [identity, around] of arrivals) {
    if (classes.before.of(identity) !== undefined) continue;
    add(identity, classes.before.of(around), classes.after.of(identity));
  }
  for (const [identity, around] of departures) {
    if (classes.after.of(identity) !== undefined) continue;
    add(identity, classes.before.of(identity), classes.after.of(around));
  }
  return moving;
}

function refsAt(entries: Entries, key: string): Refs {
  return Refs.of(entries.get(key)?.columns);
}

function memo(compute: (id: number) => string): (id: number) => string {
  const known = new Map<number, string>();
  return (id) => {
    let value = known.get(id);
    if (value === undefined) known.set(id, (value = compute(id)));
    return value;
  };
}
