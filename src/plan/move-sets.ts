import { widthsOf } from '../state/columns.js';
import { diffColumns } from '../state/difference.js';
import { numbers } from '../state/numbers.js';
import { columnsAt, type BothHeads, type Entries } from './entries-view.js';
import { freshId } from './fresh-id.js';
import { routeMoves, type Move, type Pair } from './moves.js';

const NOBODY = 'none';

export interface SetMoves {
  readonly moves: readonly Move[];
  /** Heads to add to those that are live before, and after, the commit. */
  readonly headsBefore: ReadonlyMap<number, number>;
  readonly headsAfter: ReadonlyMap<number, number>;
}

/** The ways of endpoints whose policy set differs. */
export function moveSets(before: Entries, after: Entries, heads: BothHeads): SetMoves {
  const used = { before: new Set<number>(), after: new Set<number>() };
  const pairs: Pair[] = [];
  for (const map of ['plumb_endpoints', 'plumb_devices'] as const) {
    const a = columnsAt(before, map);
    const b = columnsAt(after, map);
    const from = numbers({ map, columns: a }, 'value', 'policySet');
    const to = numbers({ map, columns: b }, 'value', 'policySet');
    from.forEach((set) => used.before.add(set));
    to.forEach((set) => used.after.add(set));
    const { changedBefore, changedAfter } = diffColumns(a, b, widthsOf(map));
    changedBefore.forEach((row, i) =>
      pairs.push({ from: from[row] ?? 0, to: to[changedAfter[i] ?? 0] ?? 0 }),
    );
  }
  const taken = new Set([
    ...used.before,
    ...used.after,
    ...heads.before.keys(),
    ...heads.after.keys(),
  ]);
  const moves = routeMoves(pairs, {
    usedBefore: (id) => used.before.has(id),
    usedAfter: (id) => used.after.has(id),
    before: (id) => String(heads.before.get(id) ?? NOBODY),
    after: (id) => String(heads.after.get(id) ?? NOBODY),
    fresh: (pair) => freshId('set', pair, taken),
  });
  return {
    moves,
    headsBefore: extraHeads(moves, 'from', heads.before),
    headsAfter: extraHeads(moves, 'to', heads.after),
  };
}

/** Heads that make `via` judged like the pair's own side, where it is not already. */
function extraHeads(
  moves: readonly Move[],
  side: 'from' | 'to',
  heads: ReadonlyMap<number, number>,
): Map<number, number> {
  const extra = new Map<number, number>();
  for (const move of moves) {
    const version = heads.get(move[side]);
    if (version !== undefined && heads.get(move.via) !== version) extra.set(move.via, version);
  }
  return extra;
}
