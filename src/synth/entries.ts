import type { Origin } from '../model/error.js';
import type { Row } from '../state/codec.js';
import { buildColumns, indexOf } from '../state/columns.js';
import { encodeKey } from '../state/codec.js';
import type { MapName } from '../state/layout.js';
import type { EntriesResource } from '../state/state.js';

export interface OriginRow extends Row {
  readonly origin?: Origin;
}

export interface EntriesOptions {
  readonly key?: string;
  readonly label?: string;
}

/**
 * Rows in any order as a bpf-entries resource; each row keeps the origin that caused it.
 * @throws RangeError when two rows have one key.
 */
export function entries(
  map: MapName,
  rows: readonly OriginRow[],
  origin: Origin,
  options: EntriesOptions = {},
): EntriesResource {
  const columns = buildColumns(map, rows);
  const rowOrigins = new Array<Origin | undefined>(columns.count).fill(undefined);
  let some = false;
  for (const row of rows) {
    if (row.origin === undefined || row.origin === origin) continue;
    rowOrigins[indexOf(columns, encodeKey(map, row.key))] = row.origin;
    some = true;
  }
  return {
    kind: 'bpf-entries',
    key: options.key ?? map,
    map,
    columns,
    origin,
    ...(some ? { rowOrigins } : {}),
    ...(options.label === undefined ? {} : { label: options.label }),
  };
}

