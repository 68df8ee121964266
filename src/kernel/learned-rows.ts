import { isNameIdentity } from '../model/identity.js';
import { select, widthsOf } from '../state/columns.js';
import { PEER_DYNAMIC, type MapName } from '../state/layout.js';
import type { Columns } from '../state/state.js';
import { structsOf } from '../state/struct.js';

const FLAGS_AT = offsetOf(structsOf('plumb_ipcache', 'kernel').value.fields, 'flags');

/** Rows that a plan may know of: not those that were learned from the DNS. */
export function plannedRows(map: MapName, rows: Columns): Columns {
  return part(map, rows, false);
}

/** Rows that were learned from the DNS. */
export function learnedRows(map: MapName, rows: Columns): Columns {
  return part(map, rows, true);
}

function part(map: MapName, rows: Columns, learned: boolean): Columns {
  const isLearned = test(map, rows);
  if (isLearned === undefined) return learned ? select(rows, widthsOf(map), []) : rows;
  const chosen: number[] = [];
  for (let i = 0; i < rows.count; i++) if (isLearned(i) === learned) chosen.push(i);
  return chosen.length === rows.count ? rows : select(rows, widthsOf(map), chosen);
}

/** Undefined for a map that nothing learned is in. */
function test(map: MapName, rows: Columns): ((row: number) => boolean) | undefined {
  const widths = widthsOf(map);
  if (map === 'plumb_ipcache') {
    const view = viewOf(rows.values);
    return (row) => (view.getUint32(row * widths.value + FLAGS_AT, true) & PEER_DYNAMIC) !== 0;
  }
  if (map !== 'plumb_classes') return undefined;
  const view = viewOf(rows.keys);
  return (row) => isNameIdentity(view.getUint32(row * widths.key, true));
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function offsetOf(fields: readonly { name: string; offset: number }[], wanted: string): number {
  const field = fields.find(({ name }) => name === wanted);
  if (field === undefined) throw new RangeError(`no field ${wanted}`);
  return field.offset;
}
