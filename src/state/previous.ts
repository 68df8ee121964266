import { hex8 } from './columns.js';
import { numbers } from './numbers.js';
import { HEADS, PREVIOUS_HEADS } from './kinds/bpf-entries.js';
import type { EntriesResource, State } from './state.js';

/** Keys of the versions and tables that heads lead to; those that are missing included. */
export function reachable(
  heads: EntriesResource | undefined,
  byKey: (key: string) => EntriesResource | undefined,
): Set<string> {
  const found = new Set<string>();
  for (const version of heads === undefined ? [] : numbers(heads, 'value', 'version')) {
    const key = `plumb_refs/${hex8(version)}`;
    if (found.has(key)) continue;
    found.add(key);
    const refs = byKey(key);
    for (const table of refs === undefined ? [] : numbers(refs, 'value', 'table')) {
      found.add(`plumb_tables/${hex8(table)}`);
    }
  }
  return found;
}

/**
 * States which resources belong to the policy before the current one: what `plumb_heads/previous`
 * leads to and `plumb_heads` does not. A reader of the kernel calls it with the rows of both buffers.
 */
export function markPrevious(state: State): State {
  const { version, node, resources } = state;
  const rest: State = { version, node, resources };
  const byKey = entriesByKey(state);
  const before = byKey.get(PREVIOUS_HEADS);
  if (before === undefined || before.columns.count === 0) return rest;
  const current = reachable(byKey.get(HEADS), (key) => byKey.get(key));
  const kept = [...reachable(before, (key) => byKey.get(key))].filter(
    (key) => byKey.has(key) && !current.has(key),
  );
  return { ...rest, previous: [PREVIOUS_HEADS, ...kept].sort() };
}

/** The state without what is kept only for undo: comparable with a synthesized one. */
export function withoutPrevious(state: State): State {
  const { previous = [], ...rest } = state;
  const gone = new Set(previous);
  return {
    ...rest,
    resources: state.resources.filter((r) => r.kind !== 'bpf-entries' || !gone.has(r.key)),
  };
}

export function entriesByKey(state: State): Map<string, EntriesResource> {
  const all = state.resources.filter((r): r is EntriesResource => r.kind === 'bpf-entries');
  return new Map(all.map((resource) => [resource.key, resource]));
}
