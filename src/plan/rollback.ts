import { PlumbError, type Origin } from '../model/error.js';
import { basisOf, normalizeState } from '../state/canonical.js';
import { HEADS, PREVIOUS_HEADS } from '../state/kinds/bpf-entries.js';
import { entriesByKey } from '../state/previous.js';
import type { State } from '../state/state.js';
import { mapUses } from './capacity.js';
import { COMMIT_KEY } from './entries-drafts.js';
import { columnsAt } from './entries-view.js';
import { describeHeads } from './heads.js';
import type { Plan, Step } from './plan.js';

/**
 * Back to the policy before the current one: the one write of the commit. Everything else stays, so
 * that a second rollback leads forward again.
 * @throws PlumbError PLB_NO_PREVIOUS when no policy is kept.
 */
export function rollbackPlan(actual: State, origin: Origin = { path: actual.node }): Plan {
  const rows = entriesByKey(normalizeState(actual));
  const previous = columnsAt(rows, PREVIOUS_HEADS);
  if (previous.count === 0) {
    throw new PlumbError('PLB_NO_PREVIOUS', 'no policy is kept from before the current one', {
      origin,
      hint: 'Change the program back, and apply it.',
    });
  }
  const step: Step = {
    phase: 'commit',
    action: 'commit',
    kind: 'bpf-entries',
    key: COMMIT_KEY,
    before: null,
    after: null,
    origin,
    why: `back to the policy before: ${describeHeads(columnsAt(rows, HEADS), previous, () => undefined)}`,
    flip: true,
  };
  return {
    version: 1,
    node: actual.node,
    summary: { add: 0, change: 0, remove: 0 },
    steps: [step],
    maps: mapUses(actual, actual, [], origin),
    ...basisOf(actual),
  };
}
