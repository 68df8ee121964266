import { lint, type Lint } from '../model/lint.js';
import { contributors } from '../plan/contributors.js';
import type { LintInput } from './input.js';

/** Share of a map's entries from which on little room is left. */
const NEARLY_FULL = 0.8;

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
