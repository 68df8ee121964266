import { hex8 } from '../state/columns.js';
import { ENTRY_AUDIT, VERDICT } from '../state/layout.js';
import { rowsOf } from '../state/columns.js';
import type { Columns } from '../state/state.js';
import { DEFAULT_CLASS, DIRECTIONS, Refs } from './refs.js';
import { Classes } from './classes.js';
import { columnsAt, headsOf, type Entries } from './entries-view.js';

/**
 * Whether a policy kept for undo could allow what it never heard of: an identity is new, of a class that
 * nobody was in, and some version that only this policy has lets unknown classes through by default.
 * Such a policy must not be flipped back to.
 */
export function letsThroughUnknown(
  before: Entries,
  after: Entries,
  kept: {
    readonly heads: Columns;
    /** Heads of the policy that judges instead; versions that it shares know every class. */
    readonly current: Columns;
    readonly staged: ReadonlyMap<string, Columns>;
  },
): boolean {
  const unknown = unknownClasses(before, after);
  if (unknown.length === 0) return false;
  const shared = new Set(headsOf(kept.current).values());
  const versions = [...new Set(headsOf(kept.heads).values())].filter((v) => !shared.has(v));
  return versions.some((version) => {
    const refs = Refs.of(kept.staged.get(`plumb_refs/${hex8(version)}`));
    return DIRECTIONS.some((direction) => {
      const table = refs.own(direction, DEFAULT_CLASS);
      if (table === undefined || !allowsAnything(before, table)) return false;
      return unknown.some((id) => refs.own(direction, id) === undefined);
    });
  });
}

function unknownClasses(before: Entries, after: Entries): number[] {
  const was = new Classes(columnsAt(before, 'plumb_classes'));
  const will = new Classes(columnsAt(after, 'plumb_classes'));
  const arriving = [...was.arriving(will)];
  if (arriving.length === 0) return [];
  const known = was.used();
  return arriving.filter((id) => !known.has(id));
}

function allowsAnything(entries: Entries, table: number): boolean {
  const rows = rowsOf('plumb_tables', columnsAt(entries, `plumb_tables/${hex8(table)}`));
  return rows.some(
    ({ value }) =>
      value['verdict'] !== VERDICT.deny || (Number(value['flags']) & ENTRY_AUDIT) !== 0,
  );
}
