import { groupColumns, groupKey } from '../state/columns.js';
import { fromKernel, type Devices } from '../state/kernel-form.js';
import { HEADS, PREVIOUS_HEADS } from '../state/kinds/bpf-entries.js';
import { MAPS, type MapName } from '../state/layout.js';
import type { Columns, EntriesResource } from '../state/state.js';
import { layoutOf, mapNames } from '../state/struct.js';
import type { PinnedMaps } from './bpf-map.js';
import { plannedRows } from './learned-rows.js';
import { readConfig } from './epoch.js';
import { headsOf, otherBuffer, type Buffer } from './heads.js';

/** Contents of every pinned map that a State speaks of. */
export async function readEntries(maps: PinnedMaps, devices: Devices): Promise<EntriesResource[]> {
  const resources: EntriesResource[] = [];
  const add = (map: MapName, key: string, columns: Columns): void => {
    if (columns.count > 0) resources.push({ kind: 'bpf-entries', key, map, columns });
  };
  for (const name of mapNames()) {
    const map = maps.get(name);
    if (map === undefined || layoutOf(name).dynamic === true) continue;
    const rows = plannedRows(name, await map.dump());
    if (name === HEADS) {
      const active = activeBuffer(maps);
      add(name, HEADS, fromKernel(name, headsOf(rows, active), devices));
      add(name, PREVIOUS_HEADS, fromKernel(name, headsOf(rows, otherBuffer(active)), devices));
    } else if (layoutOf(name).groupBy === undefined) {
      add(name, name, fromKernel(name, rows, devices));
    } else {
      const groups = groupColumns(name, fromKernel(name, rows, devices));
      for (const [group, columns] of groups) add(name, groupKey(name, group), columns);
    }
  }
  return resources;
}

function activeBuffer(maps: PinnedMaps): Buffer {
  const config = maps.get(MAPS.plumb_config.name);
  return config === undefined ? 0 : readConfig(config).epoch.active;
}
