import { EMPTY } from '../state/columns.js';
import { numbers } from '../state/numbers.js';
import type { Columns, EntriesResource } from '../state/state.js';

/** Rows of one side of a change by resource key; a key that is not there has none. */
export type Entries = ReadonlyMap<string, EntriesResource>;

export function columnsAt(entries: Entries, key: string): Columns {
  return entries.get(key)?.columns ?? EMPTY;
}

export function headsOf(columns: Columns): Map<number, number> {
  const rows = { map: 'plumb_heads', columns } as const;
  const version = numbers(rows, 'value', 'version');
  return new Map(Array.from(numbers(rows, 'key', 'policySet'), (s, i) => [s, version[i] ?? 0]));
}

/** Policy set -> version, of the old policy and of the new one. */
export interface BothHeads {
  readonly before: ReadonlyMap<number, number>;
  readonly after: ReadonlyMap<number, number>;
}
