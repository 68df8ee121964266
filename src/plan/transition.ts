import { createHash } from 'node:crypto';
import { numbers } from '../state/numbers.js';
import type { Columns, EntriesResource } from '../state/state.js';
import { hex8, widthsOf, EMPTY } from '../state/columns.js';
import { diffColumns } from '../state/difference.js';
import { pairKey, routeMoves, type Judged, type Move, type Pair } from './moves.js';
import { prefixMoves } from './prefix-moves.js';
import { Refs } from './refs.js';

/** Rows of one side of a change by resource key; a key that is not there has none. */
export type Entries = ReadonlyMap<string, EntriesResource>;

/** How identities and endpoints get from their old classes and policy sets to their new ones. */
export interface Transition {
  /** Version -> its refs while the heads flip, where they are not simply those of its program. */
  readonly refs: ReadonlyMap<number, Refs>;
  /** Policy set -> version, to add to the heads that are live before the commit. */
  readonly headsBefore: ReadonlyMap<number, number>;
  /** Policy set -> version, to add to the heads that are live after it. */
  readonly headsAfter: ReadonlyMap<number, number>;
  /** Identity -> class while the heads flip, where it is not the new one. */
  readonly classes: ReadonlyMap<number, number>;
  /** `pairKey` of policy sets -> set while the heads flip. */
  readonly sets: ReadonlyMap<string, number>;
  /** Whether the old policy, left in its buffer, judges as before once all moves are done. */
  readonly undoable: boolean;
  /** Whether anybody moves at all. */
  readonly moves: boolean;
}

export const NO_TRANSITION: Transition = {
  refs: new Map(),
  headsBefore: new Map(),
  headsAfter: new Map(),
  classes: new Map(),
  sets: new Map(),
  undoable: true,
  moves: false,
};

export function columnsAt(entries: Entries, key: string): Columns {
  return entries.get(key)?.columns ?? EMPTY;
}

export function headsOf(columns: Columns): Map<number, number> {
  const rows = { map: 'plumb_heads', columns } as const;
  const version = numbers(rows, 'value', 'version');
  return new Map(Array.from(numbers(rows, 'key', 'policySet'), (s, i) => [s, version[i] ?? 0]));
}

/** The passage from the policy in `before` to that in `after`, whose heads differ. */
export function transition(before: Entries, after: Entries): Transition {
  const heads = {
    before: headsOf(columnsAt(before, 'plumb_heads')),
    after: headsOf(columnsAt(after, 'plumb_heads')),
  };
  const sets = moveSets(before, after, heads);
  const classes = moveClasses(before, after, heads);
  const late = [...sets.moves, ...classes.moves].some(({ to, via }) => via !== to);
  return {
    refs: classes.refs,
    headsBefore: sets.headsBefore,
    headsAfter: sets.headsAfter,
    classes: classes.byIdentity,
    sets: new Map(sets.moves.map((move) => [pairKey(move), move.via])),
    undoable: !late,
    moves: sets.moves.length + classes.moves.length > 0,
  };
}

interface BothHeads {
  readonly before: ReadonlyMap<number, number>;
  readonly after: ReadonlyMap<number, number>;
}

const NOBODY = 'none';

function moveSets(before: Entries, after: Entries, heads: BothHeads) {
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

function moveClasses(before: Entries, after: Entries, heads: BothHeads) {
  const classes = {
    before: classesOf(columnsAt(before, 'plumb_classes')),
    after: classesOf(columnsAt(after, 'plumb_classes')),
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
  const used = {
    before: new Set(classes.before.values()),
    after: new Set(classes.after.values()),
  };
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
  classes: { readonly before: Map<number, number>; readonly after: Map<number, number> },
): Map<number, Pair> {
  const moving = new Map<number, Pair>();
  const add = (identity: number, from: number | undefined, to: number | undefined): void => {
    if (from !== undefined && to !== undefined && from !== to) moving.set(identity, { from, to });
  };
  for (const [identity, to] of classes.after) add(identity, classes.before.get(identity), to);
  const lpm = 'plumb_ipcache_lpm';
  const { arrivals, departures } = prefixMoves(columnsAt(before, lpm), columnsAt(after, lpm));
  for (const [identity, around] of arrivals) {
    if (classes.before.has(identity)) continue;
    add(identity, classes.before.get(around), classes.after.get(identity));
  }
  for (const [identity, around] of departures) {
    if (classes.after.has(identity)) continue;
    add(identity, classes.before.get(identity), classes.after.get(around));
  }
  return moving;
}

export function classesOf(columns: Columns): Map<number, number> {
  const rows = { map: 'plumb_classes', columns } as const;
  const id = numbers(rows, 'value', 'class');
  return new Map(Array.from(numbers(rows, 'key', 'identity'), (who, i) => [who, id[i] ?? 0]));
}

function refsAt(entries: Entries, key: string): Refs {
  return Refs.of(entries.get(key)?.columns);
}

function freshId(what: string, { from, to }: Pair, taken: Set<number>): number {
  for (let salt = 0; ; salt++) {
    const hash = createHash('sha256').update(`${what} ${from} ${to} ${salt}`).digest();
    const id = hash.readUInt32BE(0);
    if (id === 0 || taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}

function memo(compute: (id: number) => string): (id: number) => string {
  const known = new Map<number, string>();
  return (id) => {
    let value = known.get(id);
    if (value === undefined) known.set(id, (value = compute(id)));
    return value;
  };
}
