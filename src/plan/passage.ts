import { EMPTY, widthsOf } from '../state/columns.js';
import { diffColumns, isSame, unionColumns } from '../state/difference.js';
import { HEADS, PREVIOUS_HEADS, parseEntriesKey } from '../state/kinds/bpf-entries.js';
import { numbers, withNumbers } from '../state/numbers.js';
import { reachable } from '../state/previous.js';
import type { Columns, EntriesResource } from '../state/state.js';
import { headsColumns } from './heads.js';
import { keepProxy } from './keep-proxy.js';
import { pairKey } from './moves.js';

import { columnsAt, type Entries } from './entries-view.js';
import { NO_TRANSITION, transition, type Transition } from './transition.js';
import { letsThroughUnknown } from './unknown-class.js';

/** The rows of one resource before the plan, at the moment of the commit, and after the plan. */
export interface Passage {
  readonly key: string;
  readonly resource: EntriesResource;
  readonly now: Columns;
  readonly staged: Columns;
  readonly settled: Columns;
}

/** How all rows get from the actual to the desired ones. */
export interface Passages {
  readonly flip: boolean;
  /** Buffers of heads: the one that is live before the commit, and the idle one. */
  readonly live: { readonly now: Columns; readonly staged: Columns };
  readonly idle: { readonly now: Columns; readonly staged: Columns; readonly settled: Columns };
  /** The policy before the current one must go before anything moves: it could not judge what moves. */
  readonly clearFirst: boolean;
  /** The policy that is current now stays for undo after the flip. */
  readonly keep: boolean;
  readonly rows: readonly Passage[];
}

export function passages(before: Entries, after: Entries): Passages {
  const now = { live: columnsAt(before, HEADS), idle: columnsAt(before, PREVIOUS_HEADS) };
  const wanted = columnsAt(after, HEADS);
  const flip = !isSame(diffColumns(now.live, wanted, widthsOf('plumb_heads')));
  const way = flip ? transition(before, after) : NO_TRANSITION;
  const live = { now: now.live, staged: headsColumns(now.live, way.headsBefore) };
  const idle = {
    now: now.idle,
    staged: flip ? headsColumns(wanted, way.headsAfter) : now.idle,
    settled: flip ? wanted : now.idle,
  };
  const staged = stagedRefs(before, after, way);
  const lets = (heads: Columns, current: Columns): boolean =>
    letsThroughUnknown(before, after, { heads, current, staged });
  const keep = flip && way.undoable && live.now.count > 0 && !lets(live.now, wanted);
  const clearFirst = now.idle.count > 0 && (flip ? way.moves : lets(now.idle, now.live));

  const undo = keep ? live.staged : flip || clearFirst ? EMPTY : now.idle;
  const kept = keptKeys(undo, before);
  const keys = [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => key !== HEADS && key !== PREVIOUS_HEADS,
  );
  const rows = keys.sort().map((key) => passage(key, before, after, way, staged, kept));
  return { flip, live, idle, clearFirst, keep, rows };
}

function passage(
  key: string,
  before: Entries,
  after: Entries,
  way: Transition,
  stagedVersions: ReadonlyMap<string, Columns>,
  kept: ReadonlySet<string>,
): Passage {
  const desired = after.get(key);
  const resource = desired ?? before.get(key);
  if (resource === undefined) throw new RangeError(`no resource ${key}`);
  const now = columnsAt(before, key);
  const wanted = columnsAt(after, key);
  const { map } = resource;
  const version = stagedVersions.get(key);
  if (map === 'plumb_refs' || map === 'plumb_tables') {
    // Tables are what their name says: a row that differs is mended at once, not at the commit.
    const staged = version ?? (desired === undefined ? now : wanted);
    const settled = desired !== undefined ? wanted : kept.has(key) ? staged : EMPTY;
    return { key, resource, now, staged, settled };
  }
  const union = unionColumns(now, wanted, widthsOf(map));
  return { key, resource, now, staged: passing(map, now, union, way), settled: wanted };
}

/** Rows as they are while the heads flip: identities and endpoints where the transition has them. */
function passing(
  map: EntriesResource['map'],
  now: Columns,
  union: Columns,
  way: Transition,
): Columns {
  if (map === 'plumb_classes' && way.classes.size > 0) {
    const who = numbers({ map, columns: union }, 'key', 'identity');
    return withNumbers(
      { map, columns: union },
      'class',
      (id, row) => way.classes.get(who[row] ?? 0) ?? id,
    );
  }
  if (map === 'plumb_config') return keepProxy(now, union);
  if ((map === 'plumb_endpoints' || map === 'plumb_devices') && way.sets.size > 0) {
    const { changedBefore, changedAfter } = diffColumns(now, union, widthsOf(map));
    const from = numbers({ map, columns: now }, 'value', 'policySet');
    const old = new Map(changedAfter.map((row, i) => [row, from[changedBefore[i] ?? 0] ?? 0]));
    return withNumbers({ map, columns: union }, 'policySet', (to, row) => {
      const was = old.get(row);
      return was === undefined ? to : (way.sets.get(pairKey({ from: was, to })) ?? to);
    });
  }
  return union;
}

/** Versions at the moment of the commit, by key. */
function stagedRefs(before: Entries, after: Entries, way: Transition): Map<string, Columns> {
  const live = new Set(
    numbers({ map: 'plumb_heads', columns: columnsAt(before, HEADS) }, 'value', 'version'),
  );
  const staged = new Map<string, Columns>();
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const named = parseEntriesKey(key);
    if (named?.map !== 'plumb_refs' || named.group === undefined) continue;
    const now = columnsAt(before, key);
    const special = way.refs.get(named.group)?.toColumns(named.group);
    const wanted = special ?? columnsAt(after, key);
    const judging = live.has(named.group);
    // What judges packets now keeps its rows until the commit; what does not can be as it will be.
    if (!after.has(key)) staged.set(key, special ?? now);
    else staged.set(key, judging ? unionColumns(now, wanted, widthsOf('plumb_refs')) : wanted);
  }
  return staged;
}

/** Versions and tables that a policy kept for undo leads to. */
function keptKeys(heads: Columns, entries: Entries): Set<string> {
  const resource = { kind: 'bpf-entries', key: HEADS, map: 'plumb_heads', columns: heads } as const;
  return reachable(resource, (key) => entries.get(key));
}
