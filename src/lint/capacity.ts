import { lint, type Lint } from '../model/lint.js';
import type { Resource } from '../state/state.js';
import type { LintInput } from './input.js';

/** Share of a map's entries from which on little room is left. */
const NEARLY_FULL = 0.8;
const NAMED = 3;

/** Maps that are nearly full after the plan, with who takes most of them. */
export function lintCapacity({ maps = {}, state, node }: LintInput): Lint[] {
  return (
    Object.entries(maps)
      // A map of one entry is full as soon as it says anything.
      .filter(([, { used, max }]) => max > 1 && used > NEARLY_FULL * max)
      .map(([map, { used, max }]) => {
        const most = contributors(map, state?.resources ?? []);
        const by = most.length === 0 ? '' : `; most of it by ${most.join(', ')}`;
        return lint(
          'PLL_MAP_NEARLY_FULL',
          `${map} will hold ${used.toLocaleString('en-US')} of ${max.toLocaleString('en-US')} entries${by}`,
          node.origin,
          'Let endpoints share labels and rules, or split the node: a plan that does not fit is refused.',
        );
      })
  );
}

/** `rule1 (plumb.ts:28) 120`: constructs by the rows that they cause, most first. */
function contributors(map: string, resources: readonly Resource[]): string[] {
  const rows = new Map<string, number>();
  for (const resource of resources) {
    if (resource.kind !== 'bpf-entries' || resource.map !== map) continue;
    for (let i = 0; i < resource.columns.count; i++) {
      const origin = resource.rowOrigins?.[i] ?? resource.origin;
      if (origin === undefined) continue;
      const { path, file = '', line } = origin;
      const name = line === undefined ? path : `${path} (${file}:${String(line)})`;
      rows.set(name, (rows.get(name) ?? 0) + 1);
    }
  }
  return [...rows]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, NAMED)
    .map(([name, count]) => `${name} ${count.toLocaleString('en-US')}`);
}
