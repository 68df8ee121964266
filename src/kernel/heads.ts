import { select } from '../state/columns.js';
import type { Columns } from '../state/state.js';
import { structsOf } from '../state/struct.js';

export type Buffer = 0 | 1;

export function otherBuffer(buffer: Buffer): Buffer {
  return buffer === 0 ? 1 : 0;
}

const HEADS = structsOf('plumb_heads', 'kernel');
const WIDTHS = { key: HEADS.key.size, value: HEADS.value.size };
const BUFFER_AT = HEADS.key.fields.find((field) => field.name === 'buffer')?.offset ?? 0;

/** The rows of one buffer, in the kernel's form and order. */
export function headsOf(rows: Columns, buffer: Buffer): Columns {
  const view = new DataView(rows.keys.buffer, rows.keys.byteOffset, rows.keys.byteLength);
  const members: number[] = [];
  for (let i = 0; i < rows.count; i++) {
    if (view.getUint32(i * WIDTHS.key + BUFFER_AT, true) === buffer) members.push(i);
  }
  return select(rows, WIDTHS, members);
}

/** The same rows with keys that name `buffer`. */
export function inBuffer(rows: Columns, buffer: Buffer): Columns {
  const keys = rows.keys.slice();
  const view = new DataView(keys.buffer);
  for (let i = 0; i < rows.count; i++) view.setUint32(i * WIDTHS.key + BUFFER_AT, buffer, true);
  return { ...rows, keys };
}
