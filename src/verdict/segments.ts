import type { FilterRules } from '../model/l7.js';
import { LAST_PORT, PROTOCOLS, type PortRange } from '../model/port.js';
import type { Direction } from '../policy/policy-set.js';
import { lookup, type TableEntry } from '../policy/table.js';
import { compareFilters } from './requests.js';

/** What one side's policy says in one direction. */
export interface Side {
  readonly direction: Direction;
  /** Undefined: there is none, and everything is denied. */
  readonly table: readonly TableEntry[] | undefined;
  /** What is denied is let through, and told. */
  readonly isAudited: boolean;
  /** Filters by number; absent where their rules are not known. */
  readonly listeners?: ReadonlyMap<number, FilterRules> | undefined;
}

/** The directions that apply, all of which must let a packet through. Undefined: nobody was there. */
export type Sides = readonly Side[] | undefined;

/**
 * `opened`, `closed`: packets pass now, or no longer. The others pass before and after: `filtered`, `freed`,
 * `refiltered` by rules of layer 7, `audited` where only because nothing is enforced, `enforced` where
 * that is no longer so and a policy allows it.
 */
export type ChangeKind =
  'opened' | 'closed' | 'filtered' | 'freed' | 'refiltered' | 'audited' | 'enforced';

export interface PortChange {
  readonly kind: ChangeKind;
  /** Protocol 0 is every protocol that no other change names. */
  readonly ports: PortRange;
  /** Those whose word changed; none where a direction is asked no longer. */
  readonly directions: readonly Direction[];
  /** Listeners that filter before and after. */
  readonly filters: readonly [before: readonly number[], after: readonly number[]];
  /** Whether it passes only because nothing is enforced, before and after. */
  readonly audited: readonly [before: boolean, after: boolean];
}

/** Compares exactly: every protocol that a table names apart, and all the others as one. */
export function compareSides(before: Sides, after: Sides): PortChange[] {
  const entries = [...(before ?? []), ...(after ?? [])].flatMap(({ table }) => table ?? []);
  const named = [...new Set(entries.map((entry) => entry.protocol))].sort((a, b) => a - b);
  const whole = { protocol: PROTOCOLS.ANY, from: 0, to: LAST_PORT };
  const others = changesAt(before, after, UNNAMED, 0).map((change) => ({
    ...change,
    ports: whole,
  }));
  const all: PortChange[] = [...others];
  for (const protocol of named) {
    if (protocol === PROTOCOLS.ANY) continue;
    const own: PortChange[] = [];
    for (const [from, to] of rangesOf(entries, protocol)) {
      for (const change of changesAt(before, after, protocol, from)) {
        extend(own, { ...change, ports: { protocol, from, to } });
      }
    }
    // What holds for every protocol is said once.
    const isSaid =
      own.length > 0 && own.every((one) => others.some((other) => isWholeOf(one, other)));
    if (!isSaid || own.length !== others.length) all.push(...own);
  }
  return all;
}

/** A protocol that no table can name: entries hold 8 bits. */
export const UNNAMED = 256;

type Change = Omit<PortChange, 'ports'>;

function changesAt(before: Sides, after: Sides, protocol: number, port: number): Change[] {
  const was = said(before, protocol, port);
  const is = said(after, protocol, port);
  const change = (kind: ChangeKind, directions: readonly Direction[]): Change => ({
    kind,
    directions,
    filters: [was.filters, is.filters],
    audited: [was.isAudited, is.isAudited],
  });
  if (!was.passes && !is.passes) return [];
  if (!was.passes)
    return [
      change(
        'opened',
        whose(was, is, (one) => one.word !== 'denied'),
      ),
    ];
  if (!is.passes)
    return [
      change(
        'closed',
        whose(was, is, (one) => one.word !== 'denied'),
      ),
    ];
  const changes: Change[] = [];
  const refiltered = directionsOf(was, is).filter((d) => isRefiltered(was.by.get(d), is.by.get(d)));
  if (refiltered.length > 0) {
    const kind =
      was.filters.length === 0 ? 'filtered' : is.filters.length === 0 ? 'freed' : 'refiltered';
    changes.push(change(kind, refiltered));
  }
  if (was.isAudited !== is.isAudited) {
    const directions = whose(was, is, (one) => one.word === 'allowed');
    changes.push(change(is.isAudited ? 'audited' : 'enforced', directions));
  }
  return changes;
}

interface Word {
  readonly word: 'allowed' | 'audited' | 'denied';
  readonly listener: number;
  readonly filter: FilterRules | undefined;
}

interface Said {
  readonly passes: boolean;
  readonly isAudited: boolean;
  readonly filters: readonly number[];
  readonly by: ReadonlyMap<Direction, Word>;
}

const NOT_THERE: Said = { passes: false, isAudited: false, filters: [], by: new Map() };
const NOT_ASKED: Word = { word: 'allowed', listener: 0, filter: undefined };

function said(sides: Sides, protocol: number, port: number): Said {
  if (sides === undefined) return NOT_THERE;
  const by = new Map(sides.map((side) => [side.direction, wordOf(side, protocol, port)]));
  const words = [...by.values()];
  return {
    by,
    passes: words.every(({ word }) => word !== 'denied'),
    isAudited: words.some(({ word }) => word === 'audited'),
    filters: words.flatMap(({ listener }) => (listener === 0 ? [] : [listener])),
  };
}

function wordOf({ table, isAudited, listeners }: Side, protocol: number, port: number): Word {
  const entry = lookup(table ?? [], protocol, port);
  if (entry?.verdict !== 'allow' && entry?.verdict !== 'redirect') {
    const word = isAudited || entry?.audit === true ? 'audited' : 'denied';
    return { ...NOT_ASKED, word };
  }
  // What is only audited is not filtered.
  const listener = isAudited ? 0 : (entry.listener ?? 0);
  return { word: 'allowed', listener, filter: listeners?.get(listener) };
}

function directionsOf(was: Said, is: Said): Direction[] {
  return (['egress', 'ingress'] as const).filter((d) => was.by.has(d) || is.by.has(d));
}

/** Directions that answer a question otherwise than before; all of them where nobody was there. */
function whose(was: Said, is: Said, holds: (word: Word) => boolean): Direction[] {
  if (was === NOT_THERE) return [...is.by.keys()];
  return directionsOf(was, is).filter(
    (d) => holds(was.by.get(d) ?? NOT_ASKED) !== holds(is.by.get(d) ?? NOT_ASKED),
  );
}

function isRefiltered(was: Word = NOT_ASKED, is: Word = NOT_ASKED): boolean {
  if (was.listener === is.listener) return false;
  if (was.filter === undefined || is.filter === undefined) return true;
  const { opens, closes } = compareFilters(was.filter, is.filter);
  return opens.length + closes.length > 0;
}

/** Ranges in which no table changes its mind. */
export function rangesOf(entries: readonly TableEntry[], protocol: number): [number, number][] {
  const starts = new Set([0]);
  for (const entry of entries) {
    if (entry.protocol !== protocol || entry.bits === undefined) continue;
    starts.add(entry.port).add(entry.port + 2 ** (16 - entry.bits));
  }
  const edges = [...starts].filter((port) => port <= LAST_PORT).sort((a, b) => a - b);
  return edges.map((from, i) => [from, (edges[i + 1] ?? LAST_PORT + 1) - 1]);
}

function extend(changes: PortChange[], change: PortChange): void {
  const text = textOf(change);
  const at = changes.findIndex(
    (one) => one.ports.to === change.ports.from - 1 && textOf(one) === text,
  );
  const known = changes[at];
  if (known === undefined) changes.push(change);
  else changes[at] = { ...known, ports: { ...known.ports, to: change.ports.to } };
}

function textOf({ kind, directions, filters, audited }: PortChange): string {
  return JSON.stringify([kind, directions, filters, audited]);
}

function isWholeOf(one: PortChange, other: PortChange): boolean {
  return one.ports.from === 0 && one.ports.to === LAST_PORT && textOf(one) === textOf(other);
}
