import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PlumbError } from '../model/error.js';
import { valueSize } from '../state/struct.js';
import { resource } from '../state/kinds.js';
import { MAPS, type MapName } from '../state/layout.js';
import type { Attributes, PlainResource } from '../state/state.js';
import { failedWith } from './errno.js';
import { mapPin, type Instance } from './instance.js';
import { BpfMap, type MapInfo } from './native.js';
import type { WriteContext } from './write-context.js';

/** BPF_F_NO_PREALLOC. */
const NO_PREALLOC = 1;

/** The pinned maps of an instance, open; {@link close} when done. */
export class PinnedMaps {
  constructor(readonly maps: ReadonlyMap<string, BpfMap>) {}

  get(name: MapName): BpfMap | undefined {
    return this.maps.get(name);
  }

  close(): void {
    for (const map of this.maps.values()) map.close();
  }
}

export async function openPinnedMaps(instance: Instance): Promise<PinnedMaps> {
  const maps = new Map<string, BpfMap>();
  for (const name of await pinsIn(dirname(mapPin(instance, 'x')))) {
    maps.set(name, BpfMap.openPinned(mapPin(instance, name)));
  }
  return new PinnedMaps(maps);
}

/** Names in a directory of pins; none when there is no such directory. */
export async function pinsIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return [];
    throw error;
  }
}

export function readMaps({ maps }: PinnedMaps): PlainResource<'bpf-map'>[] {
  return [...maps].map(([name, map]) => resource('bpf-map', shapeOf(name as MapName, map.info())));
}

function shapeOf(name: MapName, info: MapInfo): Attributes['bpf-map'] {
  const { type, keySize, maxEntries } = info;
  // A ring buffer has no values for the kernel; the width of a record is known to its users alone.
  const width = type === 'ringbuf' && isOurName(name) ? valueSize(name) : info.valueSize;
  return { name, type, keySize, valueSize: width, maxEntries };
}

function isOurName(name: string): name is MapName {
  return Object.hasOwn(MAPS, name);
}

/** Memory of the large maps that user space fills grows with their entries; an LPM trie knows no other way. */
export function mapFlags(type: string): number {
  return type === 'lpm_trie' || type === 'hash' ? NO_PREALLOC : 0;
}

/** A map that was removed in this apply comes back with its entries if it has the same shape. */
export function createMap(context: WriteContext, attributes: Attributes['bpf-map']): void {
  const { name, type, keySize, valueSize: width, maxEntries } = attributes;
  const path = mapPin(context.instance, name);
  const fits = (map: BpfMap): boolean =>
    JSON.stringify(shapeOf(name, map.info())) === JSON.stringify(attributes);
  context.objects.putMap(name, path, fits, () =>
    BpfMap.create({
      type,
      name: name.slice(0, 15),
      keySize,
      valueSize: type === 'ringbuf' ? 0 : width,
      maxEntries,
      flags: mapFlags(type),
    }),
  );
}

export function deleteMap(context: WriteContext, { name }: Attributes['bpf-map']): void {
  context.objects.removeMap(name, mapPin(context.instance, name));
}

/** @throws PlumbError PLB_NO_MAP */
export function missingMap(name: string, cause?: unknown): PlumbError {
  return new PlumbError('PLB_NO_MAP', `the map ${name} is not pinned`, {
    hint: 'It was removed meanwhile: plan again.',
    cause,
  });
}
