import { LAST_PORT, PROTOCOLS, type PortRange } from '../model/port.js';
import { lookup, type TableEntry } from '../policy/table.js';

/** Tables that must all allow: those of the directions that apply. An absent one denies everything. */
export type Tables = readonly (readonly TableEntry[] | undefined)[];

/** What is allowed by one list of tables and not by the other, as ranges of ports. */
export interface TableChange {
  readonly opened: readonly PortRange[];
  readonly closed: readonly PortRange[];
}

/** Compares exactly: every protocol that a table names apart, and all the others as one. */
export function compareTables(before: Tables, after: Tables): TableChange {
  const entries = [...before, ...after].flatMap((table) => table ?? []);
  const named = [...new Set(entries.map((entry) => entry.protocol))].sort((a, b) => a - b);
  const opened: PortRange[] = [];
  const closed: PortRange[] = [];
  const other = differenceAt(before, after, OTHER_PROTOCOL, 0);
  if (other !== 0) {
    (other > 0 ? opened : closed).push({ protocol: PROTOCOLS.ANY, from: 0, to: LAST_PORT });
  }
  for (const protocol of named) {
    if (protocol === PROTOCOLS.ANY) continue;
    const whole: [PortRange[], PortRange[]] = [[], []];
    for (const [from, to] of rangesOf(entries, protocol)) {
      const difference = differenceAt(before, after, protocol, from);
      if (difference > 0) extend(whole[0], { protocol, from, to });
      if (difference < 0) extend(whole[1], { protocol, from, to });
    }
    // What holds for every protocol is said once.
    if (other !== 0 && isWhole(other > 0 ? whole[0] : whole[1])) continue;
    opened.push(...whole[0]);
    closed.push(...whole[1]);
  }
  return { opened, closed };
}

/** A protocol that no table can name: entries hold 8 bits. */
const OTHER_PROTOCOL = 256;

function differenceAt(before: Tables, after: Tables, protocol: number, port: number): number {
  return Number(allows(after, protocol, port)) - Number(allows(before, protocol, port));
}

function allows(tables: Tables, protocol: number, port: number): boolean {
  return tables.every((table) => {
    const entry = lookup(table ?? [], protocol, port);
    return entry?.verdict === 'allow' || entry?.verdict === 'redirect' || entry?.audit === true;
  });
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
