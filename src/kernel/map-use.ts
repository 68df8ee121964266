import { MAPS, type MapName } from '../state/layout.js';
import { layoutOf, mapNames, structsOf } from '../state/struct.js';
import type { PinnedMaps } from './bpf-map.js';

export interface MapUse {
  readonly map: MapName;
  /** Of an array those that are not all zero. */
  readonly entries: number;
  readonly capacity: number;
}

/** What a count of entries says nothing of: one row, a ring of bytes, a fixed set of counters. */
const WITHOUT: readonly MapName[] = ['plumb_config', 'plumb_events', 'plumb_counters'];

/** How full each pinned map is, in the order of the layout. */
export async function readMapUse(pinned: PinnedMaps): Promise<MapUse[]> {
  const uses: MapUse[] = [];
  for (const name of mapNames()) {
    const map = pinned.get(name);
    if (map === undefined || WITHOUT.includes(name)) continue;
    const { count, values } = await map.dump();
    const isArray = layoutOf(name).type === 'array';
    const entries = isArray ? written(values, structsOf(name, 'kernel').value.size) : count;
    uses.push({ map: name, entries, capacity: map.info().maxEntries });
  }
  return uses;
}

function written(values: Uint8Array, size: number): number {
  let rows = 0;
  for (let at = 0; at < values.length; at += size) {
    if (values.subarray(at, at + size).some((byte) => byte !== 0)) rows++;
  }
  return rows;
}

/** Flows whose time is not over. Those of other flows stay in the map until somebody needs the room. */
export async function countLiveFlows(pinned: PinnedMaps): Promise<number> {
  const name = MAPS.plumb_conntrack.name;
  const { fields, size } = structsOf(name, 'kernel').value;
  const at = fields.find((field) => field.name === 'expires')?.offset ?? 0;
  const { count, values } = (await pinned.get(name)?.dump()) ?? { count: 0, values: NOTHING };
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const now = Number(process.hrtime.bigint() / 1_000_000_000n);
  let live = 0;
  // The kernel rounds values up to 8 bytes only for maps that each processor has its own of.
  for (let i = 0; i < count; i++) if (view.getUint32(i * size + at, true) > now) live++;
  return live;
}

const NOTHING = new Uint8Array(0);
