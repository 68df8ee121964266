import { canonicalJson } from '../state/canonical-json.js';
import { diffColumns, isSame } from '../state/difference.js';
import { widthsOf } from '../state/columns.js';
import { normalizeResource } from '../state/kinds.js';
import type { Resource, State } from '../state/state.js';

/** Resources by kind and key. */
export type Contents = ReadonlyMap<string, Resource>;

export function contentsOf({ resources }: State): Contents {
  return new Map(resources.map((resource) => [nameOf(resource), resource]));
}

export function nameOf({ kind, key }: { readonly kind: string; readonly key: string }): string {
  return `${kind} ${key}`;
}

/** One line for each resource that is not as expected, in the order of their names. */
export function differences(expected: Contents, actual: Contents): string[] {
  const names = [...new Set([...expected.keys(), ...actual.keys()])].sort();
  return names.flatMap((name) => {
    const wanted = expected.get(name);
    const there = actual.get(name);
    if (wanted === undefined) return [`${name}: is there`];
    if (there === undefined) return [`${name}: is missing`];
    return isEqual(wanted, there) ? [] : [`${name}: differs`];
  });
}

/** Whether two resources say the same of the kernel; origins and labels do not. */
export function isEqual(a: Resource, b: Resource): boolean {
  if (a.kind === 'bpf-entries' && b.kind === 'bpf-entries') {
    return isSame(diffColumns(a.columns, b.columns, widthsOf(a.map)));
  }
  return a.kind === b.kind && attributesText(a) === attributesText(b);
}

function attributesText(resource: Resource): string {
  const normal = normalizeResource(resource);
  return normal.kind === 'bpf-entries' ? '' : canonicalJson(normal.attributes);
}
