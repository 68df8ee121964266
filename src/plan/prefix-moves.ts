import { diffColumns } from '../state/difference.js';
import { widthsOf } from '../state/columns.js';
import { numbers } from '../state/numbers.js';
import type { Columns } from '../state/state.js';
import { structsOf } from '../state/struct.js';

const MAP = 'plumb_ipcache_lpm';

/**
 * Identities of prefixes that come or go, with the identity that their addresses have on the other
 * side of the change: that of the prefix around them.
 */
export interface PrefixMoves {
  /** New identity -> the one that its addresses had. */
  readonly arrivals: ReadonlyMap<number, number>;
  /** Identity of the old rows -> the one that its addresses will have. */
  readonly departures: ReadonlyMap<number, number>;
}

/** A prefix that comes or goes must not change a verdict by itself: only the commit may. */
export function prefixMoves(before: Columns, after: Columns): PrefixMoves {
  const difference = diffColumns(before, after, widthsOf(MAP));
  return {
    arrivals: surroundings(after, [...difference.added, ...difference.changedAfter], before),
    departures: surroundings(before, [...difference.removed, ...difference.changedBefore], after),
  };
}

function surroundings(
  rows: Columns,
  which: readonly number[],
  around: Columns,
): Map<number, number> {
  const found = new Map<number, number>();
  if (which.length === 0) return found;
  const identity = numbers({ map: MAP, columns: rows }, 'value', 'identity');
  const prefixes = new Prefixes(around);
  for (const row of which) {
    const own = identity[row];
    if (own === undefined || found.has(own)) continue;
    const other = prefixes.identityOf(rows, row);
    if (other !== undefined) found.set(own, other);
  }
  return found;
}

class Prefixes {
  private readonly byPrefix = new Map<string, number>();
  private readonly lengths: number[];

  constructor(rows: Columns) {
    const identity = numbers({ map: MAP, columns: rows }, 'value', 'identity');
    const length = numbers({ map: MAP, columns: rows }, 'key', 'prefixLength');
    identity.forEach((id, row) => this.byPrefix.set(prefixText(rows, row, length[row] ?? 0), id));
    this.lengths = [...new Set(length)].sort((a, b) => b - a);
  }

  /** Identity of the longest prefix around that of a row, itself included. */
  identityOf(rows: Columns, row: number): number | undefined {
    const own = numbers({ map: MAP, columns: rowOnly(rows, row) }, 'key', 'prefixLength')[0] ?? 0;
    for (const length of this.lengths) {
      if (length > own) continue;
      const identity = this.byPrefix.get(prefixText(rows, row, length));
      if (identity !== undefined) return identity;
    }
    return undefined;
  }
}

function rowOnly(rows: Columns, row: number): Columns {
  const { key, value } = widthsOf(MAP);
  return {
    count: 1,
    keys: rows.keys.subarray(row * key, (row + 1) * key),
    values: rows.values.subarray(row * value, (row + 1) * value),
  };
}

/** The first `length` bits of a row's address, as text. */
function prefixText(rows: Columns, row: number, length: number): string {
  const { key } = structsOf(MAP, 'state');
  const at = row * key.size + (key.fields.find((field) => field.name === 'address')?.offset ?? 0);
  const bytes = Buffer.from(rows.keys.subarray(at, at + Math.ceil(length / 8)));
  const rest = length % 8;
  const last = bytes.length - 1;
  if (rest !== 0) bytes[last] = (bytes[last] ?? 0) & (0xff00 >>> rest);
  return `${length}/${bytes.toString('latin1')}`;
}
