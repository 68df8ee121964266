import { PlumbError, throwAll, type Origin } from '../model/error.js';
import type { MapName } from '../state/layout.js';
import { layoutOf, mapNames } from '../state/struct.js';
import type { Resource, State } from '../state/state.js';
import { contributors } from './contributors.js';
import type { MapUse, Step } from './plan.js';

/**
 * Use of every map after the steps.
 * @throws PlumbError PLB_MAP_FULL (or PlumbErrors) for each map that at some step would hold more than
 * it can, old and new side by side included.
 */
export function mapUses(
  actual: State,
  desired: State,
  steps: readonly Step[],
  origin: Origin,
): Record<string, MapUse> {
  const used = new Map<MapName, number>();
  const add = (map: MapName, rows: number): void => void used.set(map, (used.get(map) ?? 0) + rows);
  for (const resource of actual.resources) add(...rowsOf(resource));
  const peak = new Map(used);
  for (const { before, after, kind, action } of steps) {
    if (kind === 'bpf-map' && action !== 'update' && before?.kind === 'bpf-map') {
      used.delete(before.attributes.name);
    }
    if (before !== null) add(rowsOf(before)[0], -rowsOf(before)[1]);
    if (after !== null) add(...rowsOf(after));
    for (const [map, rows] of used) if (rows > (peak.get(map) ?? 0)) peak.set(map, rows);
  }
  const most = capacities([actual, desired]);
  throwAll(
    [...peak]
      .filter(([map, rows]) => rows > most(map))
      .map(([map, rows]) => full(map, rows, most(map), origin, desired)),
  );
  const maps = mapNames().filter((map) => layoutOf(map).dynamic !== true && used.has(map));
  return Object.fromEntries(maps.map((map) => [map, { used: used.get(map) ?? 0, max: most(map) }]));
}

function rowsOf(resource: Resource): [MapName, number] {
  return resource.kind === 'bpf-entries'
    ? [resource.map, resource.columns.count]
    : ['plumb_config', 0];
}

/** The later state's map, else the earlier one's, else what the layout says. */
function capacities(states: readonly State[]): (map: MapName) => number {
  const stated = new Map<MapName, number>();
  for (const { resources } of states) {
    for (const resource of resources) {
      if (resource.kind === 'bpf-map') {
        stated.set(resource.attributes.name, resource.attributes.maxEntries);
      }
    }
  }
  return (map) => stated.get(map) ?? layoutOf(map).maxEntries;
}

function full(
  map: MapName,
  rows: number,
  most: number,
  origin: Origin,
  { resources }: State,
): PlumbError {
  const by = contributors(map, resources);
  const [needs, holds] = [rows, most].map((n) => n.toLocaleString('en-US'));
  return new PlumbError('PLB_MAP_FULL', `${map} holds ${holds} entries; this plan needs ${needs}`, {
    origin,
    ...(by.length > 0 && { detail: `most of it by ${by.join(', ')}` }),
    hint: HINTS[map] ?? 'Split the change into smaller ones, or put fewer endpoints on this node.',
  });
}

const HINTS: Partial<Record<MapName, string>> = {
  plumb_ipcache_lpm: 'Name fewer or wider prefixes in the rules that concern this node.',
  plumb_refs: 'Let more endpoints share their rules, or tell fewer peers apart by selectors.',
  plumb_tables: 'Use port ranges instead of single ports, and fewer different sets of ports.',
};
