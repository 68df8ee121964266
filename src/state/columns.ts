import { writeKey, writeValue, decodeKey, decodeValue, viewOf, type Row } from './codec.js';
import { layoutOf, structsOf } from './struct.js';
import type { MapName } from './layout.js';
import type { Columns } from './state.js';

/** Bytes of a key and of a value in state form. */
export interface Widths {
  readonly key: number;
  readonly value: number;
}

export function widthsOf(map: MapName): Widths {
  const structs = structsOf(map, 'state');
  return { key: structs.key.size, value: structs.value.size };
}

export const EMPTY: Columns = { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) };

/**
 * Columns from rows in any order.
 * @throws RangeError for a field that does not fit, or when two rows have the same key.
 */
export function buildColumns(map: MapName, rows: readonly Row[]): Columns {
  return sortColumns(encodeRows(map, rows), widthsOf(map));
}

/** Rows as bytes, in the order given. @throws RangeError for a field that does not fit. */
export function encodeRows(map: MapName, rows: readonly Row[]): Columns {
  const widths = widthsOf(map);
  const keys = new Uint8Array(rows.length * widths.key);
  const values = new Uint8Array(rows.length * widths.value);
  const [keyView, valueView] = [viewOf(keys), viewOf(values)];
  rows.forEach((row, i) => {
    writeKey(map, row.key, keys, i * widths.key, keyView);
    writeValue(map, row.value, values, i * widths.value, valueView);
  });
  return { count: rows.length, keys, values };
}

/** The order that sorts rows by key: `order[i]` is the row that comes to place `i`. */
export function sortOrder(columns: Columns, width: number): Uint32Array {
  const order = Uint32Array.from({ length: columns.count }, (_, i) => i);
  const words = Math.ceil(width / 4);
  const ranks = keyWords(columns, width, words);
  return order.sort((a, b) => {
    for (let i = 0; i < words; i++) {
      const difference = (ranks[a * words + i] ?? 0) - (ranks[b * words + i] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

/** Keys as big-endian words: comparing four bytes at once makes sorting several times faster. */
function keyWords(columns: Columns, width: number, words: number): Uint32Array {
  const ranks = new Uint32Array(columns.count * words);
  for (let row = 0; row < columns.count; row++) {
    for (let i = 0; i < width; i++) {
      const at = row * words + (i >>> 2);
      const shifted = (columns.keys[row * width + i] ?? 0) << (24 - 8 * (i & 3));
      ranks[at] = (ranks[at] ?? 0) | shifted;
    }
  }
  return ranks;
}

/** Sorted by key as bytes. @throws RangeError when two rows have the same key. */
export function sortColumns(columns: Columns, widths: Widths): Columns {
  if (isAscending(columns, widths.key)) return columns;
  const sorted = select(columns, widths, sortOrder(columns, widths.key));
  if (!isAscending(sorted, widths.key)) throw new RangeError('two entries have the same key');
  return sorted;
}

/** Strictly ascending by key: sorted, without duplicates. */
export function isAscending({ count, keys }: Columns, width: number): boolean {
  // Neighbors begin alike: what is equal is passed over four bytes at once.
  const isWhole = width % 4 === 0 && keys.byteOffset % 4 === 0;
  const words = isWhole
    ? new Uint32Array(keys.buffer, keys.byteOffset, keys.length / 4)
    : undefined;
  const wide = width / 4;
  for (let i = 1; i < count; i++) {
    let same = 0;
    while (
      words !== undefined &&
      same < wide &&
      words[(i - 1) * wide + same] === words[i * wide + same]
    ) {
      same++;
    }
    const [last, here] = [(i - 1) * width + 4 * same, i * width + 4 * same];
    if (compareKeys(keys, last, keys, here, width - 4 * same) >= 0) return false;
  }
  return true;
}

export function compareKeys(
  a: Uint8Array,
  atA: number,
  b: Uint8Array,
  atB: number,
  width: number,
): number {
  for (let i = 0; i < width; i++) {
    const order = (a[atA + i] ?? 0) - (b[atB + i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

/** The rows at `indices`, in that order. */
export function select(columns: Columns, widths: Widths, indices: ArrayLike<number>): Columns {
  const keys = new Uint8Array(indices.length * widths.key);
  const values = new Uint8Array(indices.length * widths.value);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i] ?? 0;
    keys.set(rowBytes(columns.keys, row, widths.key), i * widths.key);
    values.set(rowBytes(columns.values, row, widths.value), i * widths.value);
  }
  return { count: indices.length, keys, values };
}

/** Columns of distinct keys together as one. @throws RangeError when a key stands in two of them. */
export function concat(parts: readonly Columns[], widths: Widths): Columns {
  const keys = new Uint8Array(parts.reduce((sum, part) => sum + part.keys.length, 0));
  const values = new Uint8Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let count = 0;
  for (const part of parts) {
    keys.set(part.keys, count * widths.key);
    values.set(part.values, count * widths.value);
    count += part.count;
  }
  return sortColumns({ count, keys, values }, widths);
}

/** Position of a key, or -1. */
export function indexOf(columns: Columns, key: Uint8Array): number {
  const width = key.length;
  let low = 0;
  let high = columns.count - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order = compareKeys(columns.keys, middle * width, key, 0, width);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** The row at `index` in fields. */
export function rowAt(map: MapName, columns: Columns, index: number): Row {
  const widths = widthsOf(map);
  return {
    key: decodeKey(map, columns.keys, index * widths.key),
    value: decodeValue(map, columns.values, index * widths.value),
  };
}

export function rowsOf(map: MapName, columns: Columns): Row[] {
  return Array.from({ length: columns.count }, (_, i) => rowAt(map, columns, i));
}

/** Splits the rows of a map with `groupBy` into its groups, ascending by group. */
export function groupColumns(map: MapName, columns: Columns): Map<number, Columns> {
  const by = layoutOf(map).groupBy;
  const field = structsOf(map, 'state').key.fields.find((f) => f.name === by);
  if (field === undefined) throw new RangeError(`${map} has no groups`);
  const widths = widthsOf(map);
  const view = new DataView(columns.keys.buffer, columns.keys.byteOffset);
  const members = new Map<number, number[]>();
  for (let i = 0; i < columns.count; i++) {
    const group = view.getUint32(i * widths.key + field.offset, true);
    const rows = members.get(group);
    if (rows === undefined) members.set(group, [i]);
    else rows.push(i);
  }
  const groups = [...members].sort(([a], [b]) => a - b);
  return new Map(groups.map(([group, rows]) => [group, select(columns, widths, rows)]));
}

/** Key of the resource that holds a group of a map: `plumb_tables/0b72f00d`. */
export function groupKey(map: MapName, group: number): string {
  return `${map}/${hex8(group)}`;
}

/** A 32-bit identifier as it is shown everywhere: 8 hex digits. */
export function hex8(id: number): string {
  return id.toString(16).padStart(8, '0');
}

function rowBytes(bytes: Uint8Array, row: number, width: number): Uint8Array {
  return bytes.subarray(row * width, (row + 1) * width);
}
