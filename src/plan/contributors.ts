import type { Resource } from '../state/state.js';

/** Constructs that are named. */
const NAMED = 3;

/** `rule1 (plumb.ts:28) 120`: constructs by the rows that they cause, most first. */
export function contributors(map: string, resources: readonly Resource[]): string[] {
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
