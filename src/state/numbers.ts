import type { MapName } from './layout.js';
import type { Columns } from './state.js';
import { structsOf } from './struct.js';

/** One u32 field of every row, in the order of the rows; far cheaper than decoding rows. */
export function numbers(
  { map, columns }: { readonly map: MapName; readonly columns: Columns },
  part: 'key' | 'value',
  name: string,
): Uint32Array {
  const struct = structsOf(map, 'state')[part];
  const field = struct.fields.find((candidate) => candidate.name === name);
  if (field?.type !== 'u32') throw new RangeError(`${map} has no number ${name} in its ${part}`);
  const bytes = part === 'key' ? columns.keys : columns.values;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Uint32Array(columns.count);
  for (let i = 0; i < out.length; i++) {
    out[i] = view.getUint32(i * struct.size + field.offset, true);
  }
  return out;
}

/** The same rows with one u32 field of the values replaced where `replace` gives another number. */
export function withNumbers(
  { map, columns }: { readonly map: MapName; readonly columns: Columns },
  name: string,
  replace: (value: number, row: number) => number,
): Columns {
  const struct = structsOf(map, 'state').value;
  const field = struct.fields.find((candidate) => candidate.name === name);
  if (field?.type !== 'u32') throw new RangeError(`${map} has no number ${name} in its value`);
  const values = columns.values.slice();
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  for (let i = 0; i < columns.count; i++) {
    const at = i * struct.size + field.offset;
    view.setUint32(at, replace(view.getUint32(at, true), i), true);
  }
  return { ...columns, values };
}
