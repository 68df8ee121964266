import { compareKeys, concat, indexOf, select, EMPTY, type Widths } from './columns.js';
import type { Columns } from './state.js';

/** What turns one set of columns into another, as row numbers; every list ascends. */
export interface RowDifference {
  /** Rows of `after` whose key is not in `before`. */
  readonly added: readonly number[];
  /** Rows of `before` whose key is not in `after`. */
  readonly removed: readonly number[];
  /** Rows of both with the same key and another value, pairwise. */
  readonly changedBefore: readonly number[];
  readonly changedAfter: readonly number[];
}

/** Merge of two sorted sets of rows; time in proportion to the rows, memory to the differences. */
export function diffColumns(before: Columns, after: Columns, widths: Widths): RowDifference {
  const added: number[] = [];
  const removed: number[] = [];
  const changedBefore: number[] = [];
  const changedAfter: number[] = [];
  const equalRun = equalRuns(before, after, widths);
  let b = 0;
  let a = 0;
  while (b < before.count && a < after.count) {
    const run = equalRun(b, a);
    b += run;
    a += run;
    if (b === before.count || a === after.count) break;
    const order = compareKeys(before.keys, b * widths.key, after.keys, a * widths.key, widths.key);
    if (order < 0) removed.push(b++);
    else if (order > 0) added.push(a++);
    else {
      changedBefore.push(b++);
      changedAfter.push(a++);
    }
  }
  while (b < before.count) removed.push(b++);
  while (a < after.count) added.push(a++);
  return { added, removed, changedBefore, changedAfter };
}

export function isSame(difference: RowDifference): boolean {
  return (
    difference.added.length === 0 &&
    difference.removed.length === 0 &&
    difference.changedAfter.length === 0
  );
}

/** The rows that go or change, and those that come or change: what a step carries. */
export function sides(
  before: Columns,
  after: Columns,
  widths: Widths,
): { readonly before: Columns; readonly after: Columns } {
  const d = diffColumns(before, after, widths);
  return {
    before: select(before, widths, merged(d.removed, d.changedBefore)),
    after: select(after, widths, merged(d.added, d.changedAfter)),
  };
}

/**
 * Takes `before` away from the rows and puts `after` in.
 * @throws RangeError when a row of `before` is not there: the rows are not those the change was made for.
 */
export function patchColumns(
  rows: Columns,
  before: Columns,
  after: Columns,
  widths: Widths,
): Columns {
  const gone = new Set<number>();
  for (let i = 0; i < before.count; i++) {
    const key = before.keys.subarray(i * widths.key, (i + 1) * widths.key);
    const at = indexOf(rows, key);
    if (at < 0) throw new RangeError('a row to take away is not there');
    gone.add(at);
  }
  const kept: number[] = [];
  for (let i = 0; i < rows.count; i++) if (!gone.has(i)) kept.push(i);
  if (kept.length === 0 && after.count === 0) return EMPTY;
  return concat([select(rows, widths, kept), after], widths);
}

/** How many rows agree from a place on. Gallops: doubles what it compares at once, then halves it. */
function equalRuns(before: Columns, after: Columns, { key, value }: Widths) {
  const bk = buffer(before.keys);
  const ak = buffer(after.keys);
  const bv = buffer(before.values);
  const av = buffer(after.values);
  const same = (b: number, a: number, rows: number): boolean =>
    bk.compare(ak, a * key, (a + rows) * key, b * key, (b + rows) * key) === 0 &&
    bv.compare(av, a * value, (a + rows) * value, b * value, (b + rows) * value) === 0;
  return (b: number, a: number): number => {
    const most = Math.min(before.count - b, after.count - a);
    let run = 0;
    let rows = 1;
    let growing = true;
    while (rows > 0 && run < most) {
      const step = Math.min(rows, most - run);
      if (same(b + run, a + run, step)) {
        run += step;
        if (growing) rows *= 2;
      } else {
        growing = false;
        rows = step >>> 1;
      }
    }
    return run;
  };
}

function merged(a: readonly number[], b: readonly number[]): number[] {
  if (a.length === 0) return [...b];
  if (b.length === 0) return [...a];
  return [...a, ...b].sort((x, y) => x - y);
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Every row of `after`, and those of `before` whose key `after` lacks. */
export function unionColumns(before: Columns, after: Columns, widths: Widths): Columns {
  const { removed } = diffColumns(before, after, widths);
  if (removed.length === 0) return after;
  const count = after.count + removed.length;
  const keys = new Uint8Array(count * widths.key);
  const values = new Uint8Array(count * widths.value);
  let from = 0;
  let to = 0;
  const copy = (columns: Columns, start: number, end: number): void => {
    keys.set(columns.keys.subarray(start * widths.key, end * widths.key), to * widths.key);
    values.set(
      columns.values.subarray(start * widths.value, end * widths.value),
      to * widths.value,
    );
    to += end - start;
  };
  for (const row of removed) {
    const key = before.keys.subarray(row * widths.key, (row + 1) * widths.key);
    const at = lowerBound(after, key, from);
    copy(after, from, at);
    copy(before, row, row + 1);
    from = at;
  }
  copy(after, from, after.count);
  return { count, keys, values };
}

function lowerBound(columns: Columns, key: Uint8Array, from: number): number {
  let low = from;
  let high = columns.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(columns.keys, middle * key.length, key, 0, key.length) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
