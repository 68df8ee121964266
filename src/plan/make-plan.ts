import type { Origin } from '../model/error.js';
import { basisOf, normalizeState } from '../state/canonical.js';
import { entriesByKey } from '../state/previous.js';
import type { State } from '../state/state.js';
import { mapUses } from './capacity.js';
import { takeDown } from './dependents.js';
import { entriesDrafts, farewellDrafts } from './entries-drafts.js';
import { madeAnew } from './made-anew.js';
import { inOrder } from './order.js';
import type { Plan, Step, Summary } from './plan.js';
import { isPlain, plainChanges, plainDrafts } from './plain-steps.js';
import { usedSwitches } from './used-switches.js';

export interface PlanOptions {
  /** Origin of steps for what is not in the program; the node's path by default. */
  readonly origin?: Origin;
}

/**
 * The steps that turn `actual` into `desired`, in the order in which they are done. Empty for equal
 * states; what a state keeps of the policy before the current one is no difference.
 *
 * @throws PlumbError PLB_MAP_FULL when a map could not hold what the plan needs at some step.
 * @throws RangeError when a state holds two resources of one kind and key.
 */
export function plan(desired: State, actual: State, options: PlanOptions = {}): Plan {
  const fallback = options.origin ?? { path: desired.node };
  const wanted = normalizeState(desired);
  const present = normalizeState(actual);
  const nodeLinks = nodeLinksOf([present, wanted]);

  const anew = madeAnew(wanted, present, fallback);
  const first = plainChanges(anew.rest.resources.filter(isPlain), wanted.resources.filter(isPlain));
  const broken = first.flatMap(({ action, before }) =>
    action === 'replace' && before !== null ? [before] : [],
  );
  const down = takeDown(anew.rest, broken, nodeLinks, fallback);
  const changes =
    broken.length === 0
      ? first
      : plainChanges(down.rest.resources.filter(isPlain), wanted.resources.filter(isPlain));

  const rowsNow = entriesByKey(down.rest);
  const rows = judges(wanted)
    ? entriesDrafts(rowsNow, entriesByKey(wanted), fallback)
    : farewellDrafts(rowsNow, fallback);
  const steps = inOrder([
    ...anew.drafts,
    ...down.drafts,
    ...plainDrafts(changes, nodeLinks, usedSwitches(present), fallback),
    ...rows,
  ]);
  return {
    version: 1,
    node: desired.node,
    summary: summarize(steps),
    steps,
    maps: mapUses(present, wanted, steps, fallback),
    ...basisOf(actual),
  };
}

/** Resources to add, change and remove; several steps on one count once, commits not at all. */
export function summarize(steps: readonly Step[]): Summary {
  const count = (...actions: Step['action'][]): number =>
    new Set(
      steps
        .filter((step) => actions.includes(step.action))
        .map(({ kind, key }) => `${kind} ${key}`),
    ).size;
  return { add: count('create'), change: count('update', 'replace'), remove: count('delete') };
}

/** Whether any rows, or the map of the epoch, are to be there. */
function judges({ resources }: State): boolean {
  return resources.some(
    (r) => r.kind === 'bpf-entries' || (r.kind === 'bpf-map' && r.key === 'plumb_config'),
  );
}

function nodeLinksOf(states: readonly State[]): Set<string> {
  const names = states.flatMap(({ resources }) =>
    resources.flatMap((r) =>
      r.kind === 'link' && r.attributes.type !== 'veth' ? [r.attributes.name] : [],
    ),
  );
  return new Set(names);
}
