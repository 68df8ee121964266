import type { Origin } from '../../model/error.js';
import type { Row } from '../codec.js';
import { encodeRows, groupKey, isAscending, sortColumns, sortOrder, widthsOf } from '../columns.js';
import { normalizeColumns } from '../kernel-form.js';
import { layoutOf, mapNames } from '../struct.js';
import type { EntriesResource } from '../state.js';
import type { MapName } from '../layout.js';

/** Key of the current heads, and in a state that was read, of those of the policy before. */
export const HEADS = 'plumb_heads';
export const PREVIOUS_HEADS = 'plumb_heads/previous';

/** Key of the resource that holds a map's rows, or those of one of its groups. */
export function entriesKey(map: MapName, group?: number): string {
  return group === undefined ? map : groupKey(map, group);
}

/** The map and, of a map with groups, the group that a key names; undefined when it names neither. */
export function parseEntriesKey(
  key: string,
): { readonly map: MapName; readonly group?: number } | undefined {
  const [name, group, ...rest] = key.split('/');
  const map = mapNames().find((known) => known === name);
  if (map === undefined || layoutOf(map).dynamic === true || rest.length > 0) return undefined;
  if (key === PREVIOUS_HEADS) return { map };
  if (layoutOf(map).groupBy === undefined) return group === undefined ? { map } : undefined;
  if (group === undefined || !/^[0-9a-f]{8}$/.test(group)) return undefined;
  return { map, group: Number.parseInt(group, 16) };
}

/** One entry with the construct and line it comes from. */
export interface OriginRow extends Row {
  readonly origin?: Origin;
}

/**
 * The resource of a map's (or a group's) rows, given in any order.
 * @throws RangeError for a field that does not fit, or two rows with one key.
 */
export function entries(
  map: MapName,
  rows: readonly OriginRow[],
  more: { readonly group?: number; readonly origin?: Origin; readonly label?: string } = {},
): EntriesResource {
  const { group, ...rest } = more;
  const unsorted = encodeRows(map, rows);
  const order = sortOrder(unsorted, widthsOf(map).key);
  const columns = sortColumns(unsorted, widthsOf(map));
  const origins = Array.from(order, (row) => rows[row]?.origin);
  const origined = origins.some((origin) => origin !== undefined);
  return {
    kind: 'bpf-entries',
    key: entriesKey(map, group),
    map,
    columns,
    ...rest,
    ...(origined ? { rowOrigins: origins } : {}),
  };
}

/** The one form of a set of rows. Origins of rows stay only where every row keeps its place. */
export function normalizeEntries(resource: EntriesResource): EntriesResource {
  const columns = normalizeColumns(resource.map, resource.columns);
  const moved = !isAscending(resource.columns, widthsOf(resource.map).key);
  if (!moved && columns.count === resource.columns.count) return { ...resource, columns };
  const { kind, key, map, origin, label } = resource;
  return {
    kind,
    key,
    map,
    columns,
    ...(origin === undefined ? {} : { origin }),
    ...(label === undefined ? {} : { label }),
  };
}
