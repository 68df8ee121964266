import type { Step } from '../plan/plan.js';
import { EMPTY, widthsOf } from '../state/columns.js';
import { patchColumns } from '../state/difference.js';
import { HEADS, PREVIOUS_HEADS } from '../state/kinds/bpf-entries.js';
import type { Columns, EntriesResource, Resource, State } from '../state/state.js';

/** Keys of steps that name no resource of a state. */
const LIVE = 'plumb_heads/live';
const COMMIT = 'plumb_config/epoch';

/** Resources by kind and key. */
export type Contents = ReadonlyMap<string, Resource>;

export function contentsOf({ resources }: State): Map<string, Resource> {
  return new Map(resources.map((resource) => [nameOf(resource), resource]));
}

/**
 * What a state holds after all steps. A map that goes takes its entries with it.
 * @throws RangeError when a step takes away rows that are not there.
 */
export function expected(before: State, steps: readonly Step[]): Contents {
  const contents = contentsOf(before);
  for (const step of steps) {
    if (step.key === COMMIT) {
      if (step.flip === true) flip(contents);
    } else if (step.kind === 'bpf-entries') patchEntries(contents, step);
    else patchPlain(contents, step);
  }
  return contents;
}

function patchPlain(contents: Map<string, Resource>, { kind, key, before, after }: Step): void {
  const name = nameOf({ kind, key });
  if (after === null) contents.delete(name);
  else contents.set(name, after);
  if (kind === 'bpf-map' && before !== null) {
    for (const [other, resource] of contents) {
      if (resource.kind === 'bpf-entries' && resource.map === key) contents.delete(other);
    }
  }
}

function patchEntries(contents: Map<string, Resource>, step: Step): void {
  const before = step.before as EntriesResource | null;
  const after = step.after as EntriesResource | null;
  const map = (after ?? before)?.map;
  if (map === undefined) return;
  // Heads are staged on top of the live ones, whatever the idle buffer holds.
  const source = step.key === HEADS || step.key === LIVE ? HEADS : step.key;
  const target = step.key === HEADS ? PREVIOUS_HEADS : source;
  const rows = columnsOf(contents, source);
  const next = patchColumns(rows, before?.columns ?? EMPTY, after?.columns ?? EMPTY, widthsOf(map));
  put(contents, { kind: 'bpf-entries', key: target, map, columns: next });
}

function flip(contents: Map<string, Resource>): void {
  const current = columnsOf(contents, HEADS);
  const idle = columnsOf(contents, PREVIOUS_HEADS);
  put(contents, { kind: 'bpf-entries', key: HEADS, map: HEADS, columns: idle });
  put(contents, { kind: 'bpf-entries', key: PREVIOUS_HEADS, map: HEADS, columns: current });
}

function columnsOf(contents: Contents, key: string): Columns {
  const found = contents.get(nameOf({ kind: 'bpf-entries', key }));
  return found?.kind === 'bpf-entries' ? found.columns : EMPTY;
}

/** A state has no empty set of rows. */
function put(contents: Map<string, Resource>, resource: EntriesResource): void {
  if (resource.columns.count === 0) contents.delete(nameOf(resource));
  else contents.set(nameOf(resource), resource);
}

export function nameOf({ kind, key }: { readonly kind: string; readonly key: string }): string {
  return `${kind} ${key}`;
}
