import { groupColumns, groupKey, rowsOf } from '../state/columns.js';
import { fromKernel, type Devices } from '../state/kernel-form.js';
import { HEADS, PREVIOUS_HEADS } from '../state/kinds/bpf-entries.js';
import { MAPS, type MapName } from '../state/layout.js';
import type { Columns, EntriesResource } from '../state/state.js';
import { layoutOf, mapNames } from '../state/struct.js';
import type { PinnedMaps } from './bpf-map.js';
import { readConfig } from './epoch.js';
import { headsOf, type Buffer } from './heads.js';

export interface EntriesFound {
  readonly resources: readonly EntriesResource[];
  /** Keys of what only the policy before the current one reaches. */
  readonly previous: readonly string[];
}

/** Contents of every pinned map that a State speaks of. */
export async function readEntries(maps: PinnedMaps, devices: Devices): Promise<EntriesFound> {
  const resources: EntriesResource[] = [];
  const add = (map: MapName, key: string, columns: Columns): void => {
    if (columns.count > 0) resources.push({ kind: 'bpf-entries', key, map, columns });
  };
  for (const name of mapNames()) {
    const map = maps.get(name);
    if (map === undefined || layoutOf(name).dynamic === true) continue;
    const rows = await map.dump();
    if (name === HEADS) {
      const active = activeBuffer(maps);
      add(name, HEADS, fromKernel(name, headsOf(rows, active), devices));
      add(name, PREVIOUS_HEADS, fromKernel(name, headsOf(rows, other(active)), devices));
    } else if (layoutOf(name).groupBy === undefined) {
      add(name, name, fromKernel(name, rows, devices));
    } else {
      const groups = groupColumns(name, fromKernel(name, rows, devices));
      for (const [group, columns] of groups) add(name, groupKey(name, group), columns);
    }
  }
  return { resources, previous: previousOf(resources) };
}

function activeBuffer(maps: PinnedMaps): Buffer {
  const config = maps.get(MAPS.plumb_config.name);
  return config === undefined ? 0 : readConfig(config).epoch.active;
}

function other(buffer: Buffer): Buffer {
  return buffer === 0 ? 1 : 0;
}

/** What the idle heads reach and the active ones do not. What neither reaches is garbage, and not listed. */
export function previousOf(resources: readonly EntriesResource[]): string[] {
  const byKey = new Map(resources.map((resource) => [resource.key, resource]));
  if (!byKey.has(PREVIOUS_HEADS)) return [];
  const current = reach(byKey, HEADS);
  const before = [...reach(byKey, PREVIOUS_HEADS)].filter((key) => !current.has(key));
  return before.sort();
}

/** Heads, the refs of their versions, and the tables of those. */
function reach(byKey: ReadonlyMap<string, EntriesResource>, heads: string): Set<string> {
  const reached = new Set<string>();
  const follow = (from: string, field: string, map: MapName): string[] => {
    const resource = byKey.get(from);
    if (resource === undefined) return [];
    reached.add(from);
    const targets = rowsOf(resource.map, resource.columns).map((row) => Number(row.value[field]));
    return [...new Set(targets)].map((target) => groupKey(map, target));
  };
  for (const refs of follow(heads, 'version', 'plumb_refs')) {
    for (const table of follow(refs, 'table', 'plumb_tables')) {
      if (byKey.has(table)) reached.add(table);
    }
  }
  return reached;
}
