import { buildColumns, hex8 } from '../state/columns.js';
import { headsOf } from './entries-view.js';
import type { Columns } from '../state/state.js';

/** Heads with some rows more, or other versions for some sets. */
export function headsColumns(heads: Columns, extra: ReadonlyMap<number, number>): Columns {
  if (extra.size === 0) return heads;
  const rows = new Map([...headsOf(heads), ...extra]);
  return buildColumns(
    'plumb_heads',
    [...rows].map(([policySet, version]) => ({ key: { policySet }, value: { version } })),
  );
}

const SHOWN = 3;

/** `77d0 -> a91e` for each policy set whose version changes, by the name of the version if it has one. */
export function describeHeads(
  before: Columns,
  after: Columns,
  labelOf: (version: number) => string | undefined,
): string {
  const was = headsOf(before);
  const will = headsOf(after);
  const sets = [...new Set([...was.keys(), ...will.keys()])]
    .filter((set) => was.get(set) !== will.get(set))
    .sort((a, b) => a - b);
  const short = (version: number | undefined): string =>
    version === undefined ? 'none' : hex8(version).slice(0, 4);
  const lines = sets.slice(0, SHOWN).map((set) => {
    const [old, next] = [was.get(set), will.get(set)];
    const label = labelOf(next ?? -1) ?? labelOf(old ?? -1) ?? `set ${hex8(set).slice(0, 4)}`;
    return `${label} ${short(old)} -> ${short(next)}`;
  });
  if (sets.length > SHOWN) lines.push(`${sets.length - SHOWN} more`);
  return lines.join(', ');
}
