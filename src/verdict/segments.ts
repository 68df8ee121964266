import { LAST_PORT, PROTOCOLS, type PortRange } from '../model/port.js';
import { lookup, type TableEntry } from '../policy/table.js';

/** Tables that must all allow: those of the directions that apply. An absent one denies everything. */
export type Tables = readonly (readonly TableEntry[] | undefined)[];

/** What is allowed by one list of tables and not by the other, as ranges of ports. */
export interface TableChange {
  readonly opened: readonly PortRange[];
  readonly closed: readonly PortRange[];
  /** Allowed before and after, but filtered otherwise by rules of layer 7. */
  readonly filtered: readonly PortRange[];
  readonly freed: readonly PortRange[];
  readonly changed: readonly PortRange[];
}

type Kind = keyof TableChange;

/** Compares exactly: every protocol that a table names apart, and all the others as one. */
export function compareTables(before: Tables, after: Tables): TableChange {
  const entries = [...before, ...after].flatMap((table) => table ?? []);
  const named = [...new Set(entries.map((entry) => entry.protocol))].sort((a, b) => a - b);
  const all = changes();
  const other = differenceAt(before, after, OTHER_PROTOCOL, 0);
  if (other !== undefined) {
    all[other].push({ protocol: PROTOCOLS.ANY, from: 0, to: LAST_PORT });
  }
  for (const protocol of named) {
    if (protocol === PROTOCOLS.ANY) continue;
    const own = changes();
    for (const [from, to] of rangesOf(entries, protocol)) {
      const difference = differenceAt(before, after, protocol, from);
      if (difference !== undefined) extend(own[difference], { protocol, from, to });
    }
    // What holds for every protocol is said once.
    if (other !== undefined && isWhole(own[other])) continue;
    for (const kind of KINDS) all[kind].push(...own[kind]);
  }
  return all;
}

const KINDS: readonly Kind[] = ['opened', 'closed', 'filtered', 'freed', 'changed'];

function changes(): Record<Kind, PortRange[]> {
  return { opened: [], closed: [], filtered: [], freed: [], changed: [] };
}

/** A protocol that no table can name: entries hold 8 bits. */
const OTHER_PROTOCOL = 256;

function differenceAt(
  before: Tables,
  after: Tables,
  protocol: number,
  port: number,
): Kind | undefined {
  const was = filtersOf(before, protocol, port);
  const is = filtersOf(after, protocol, port);
  if (was === is) return undefined;
  if (was === undefined) return 'opened';
  if (is === undefined) return 'closed';
  if (was === '') return 'filtered';
  return is === '' ? 'freed' : 'changed';
}

/** The listeners that filter what is allowed, as text: none is empty. Undefined where it is denied. */
function filtersOf(tables: Tables, protocol: number, port: number): string | undefined {
  let filters = '';
  for (const table of tables) {
    const entry = lookup(table ?? [], protocol, port);
    const passes =
      entry?.verdict === 'allow' || entry?.verdict === 'redirect' || entry?.audit === true;
    if (!passes) return undefined;
    if (entry.listener !== undefined) filters += ` ${String(entry.listener)}`;
  }
  return filters;
}

/** Ranges in which no table changes its mind. */
function rangesOf(entries: readonly TableEntry[], protocol: number): [number, number][] {
  const starts = new Set([0]);
  for (const entry of entries) {
    if (entry.protocol !== protocol || entry.bits === undefined) continue;
    starts.add(entry.port).add(entry.port + 2 ** (16 - entry.bits));
  }
  const edges = [...starts].filter((port) => port <= LAST_PORT).sort((a, b) => a - b);
  return edges.map((from, i) => [from, (edges[i + 1] ?? LAST_PORT + 1) - 1]);
}

function extend(ranges: PortRange[], range: PortRange): void {
  const last = ranges.at(-1);
  if (last?.to === range.from - 1) ranges[ranges.length - 1] = { ...last, to: range.to };
  else ranges.push(range);
}

function isWhole(ranges: readonly PortRange[]): boolean {
  return ranges.length === 1 && ranges[0]?.from === 0 && ranges[0].to === LAST_PORT;
}
