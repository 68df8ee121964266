import { emptyState, normalizeState } from '../state/canonical.js';
import { EMPTY, widthsOf } from '../state/columns.js';
import { patchColumns } from '../state/difference.js';
import { HEADS, PREVIOUS_HEADS } from '../state/kinds/bpf-entries.js';
import { markPrevious } from '../state/previous.js';
import type { EntriesResource, Resource, State } from '../state/state.js';
import { LIVE_HEADS } from './entries-drafts.js';
import type { Action, Step } from './plan.js';

/**
 * What a state becomes by the steps, without a kernel.
 * @throws RangeError when a step takes away what is not there, or makes what is.
 */
export function simulate(state: State, steps: readonly Step[]): State {
  const resources = new Map(normalizeState(state).resources.map((r) => [nameOf(r), r]));
  for (const step of steps) take(resources, step);
  const after = { ...emptyState(state.node), resources: [...resources.values()] };
  return markPrevious(normalizeState(after));
}

const INVERSE: Readonly<Record<Action, Action>> = {
  create: 'delete',
  delete: 'create',
  update: 'update',
  replace: 'replace',
  commit: 'commit',
};

/** The steps that undo these, in the order in which they are done. */
export function inverse(steps: readonly Step[]): Step[] {
  return steps
    .map((step) => ({
      ...step,
      action: INVERSE[step.action],
      before: step.after,
      after: step.before,
    }))
    .reverse();
}

function take(resources: Map<string, Resource>, step: Step): void {
  if (step.action === 'commit') {
    if (step.flip === true) flip(resources);
    return;
  }
  if (step.kind === 'bpf-entries') return takeRows(resources, step);
  if (step.before !== null && !resources.delete(nameOf(step.before))) {
    throw new RangeError(`${nameOf(step.before)} is not there`);
  }
  if (step.after !== null) {
    if (resources.has(nameOf(step.after))) throw new RangeError(`${nameOf(step.after)} is there`);
    resources.set(nameOf(step.after), step.after);
  }
  if (step.kind === 'bpf-map' && step.action === 'replace') {
    for (const [name, resource] of resources) {
      if (resource.kind === 'bpf-entries' && resource.map === step.key) resources.delete(name);
    }
  }
}

function takeRows(resources: Map<string, Resource>, step: Step): void {
  const sample = step.before ?? step.after;
  if (sample?.kind !== 'bpf-entries') return;
  const key = step.key === HEADS ? PREVIOUS_HEADS : step.key === LIVE_HEADS ? HEADS : step.key;
  const name = `bpf-entries ${key}`;
  const now = resources.get(name);
  const columns = patchColumns(
    now?.kind === 'bpf-entries' ? now.columns : EMPTY,
    step.before?.kind === 'bpf-entries' ? step.before.columns : EMPTY,
    step.after?.kind === 'bpf-entries' ? step.after.columns : EMPTY,
    widthsOf(sample.map),
  );
  const { label } = sample;
  put(resources, {
    kind: 'bpf-entries',
    key,
    map: sample.map,
    columns,
    ...(label ? { label } : {}),
  });
}

function flip(resources: Map<string, Resource>): void {
  const live = resources.get(`bpf-entries ${HEADS}`);
  const idle = resources.get(`bpf-entries ${PREVIOUS_HEADS}`);
  resources.delete(`bpf-entries ${HEADS}`);
  resources.delete(`bpf-entries ${PREVIOUS_HEADS}`);
  if (idle?.kind === 'bpf-entries') put(resources, { ...idle, key: HEADS });
  if (live?.kind === 'bpf-entries') put(resources, { ...live, key: PREVIOUS_HEADS });
}

function put(resources: Map<string, Resource>, resource: EntriesResource): void {
  const name = nameOf(resource);
  if (resource.columns.count === 0) resources.delete(name);
  else resources.set(name, resource);
}

function nameOf({ kind, key }: Resource): string {
  return `${kind} ${key}`;
}
