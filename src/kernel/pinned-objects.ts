import { renameSync } from 'node:fs';
import { failedWith } from './errno.js';
import { mapPin, type Instance } from './instance.js';
import { missingMap, openPinnedMaps } from './bpf-map.js';
import { openDatapath, rodataFor, type Build, type Datapath } from './datapath.js';
import type { BpfProgram } from './native.js';
import { BpfMap, loadObject, unpin, type BpfObject } from './native.js';

/** Pinned maps and programs during an apply. What leaves its pin stays open, so that an undo can put it back. */
export class PinnedObjects {
  readonly #maps = new Map<string, BpfMap>();
  readonly #removedMaps = new Map<string, BpfMap[]>();
  readonly #removedPrograms = new Map<string, BpfProgram>();
  readonly #loaded = new Map<string, Promise<BpfObject>>();
  #filledSlots: Promise<ReadonlySet<number>> | undefined;

  constructor(
    private readonly instance: Instance,
    private readonly objectPath?: string,
  ) {}

  get datapath(): Datapath {
    return openDatapath(this.objectPath);
  }

  /** A pinned map, kept open. @throws PlumbError PLB_NO_MAP */
  map(name: string): BpfMap {
    const known = this.#maps.get(name);
    if (known !== undefined) return known;
    try {
      const map = BpfMap.openPinned(mapPin(this.instance, name));
      this.#maps.set(name, map);
      return map;
    } catch (error) {
      throw failedWith(error, 'ENOENT') ? missingMap(name, error) : error;
    }
  }

  /** Pins a map that fits: the one that is pinned, one that was removed before, or a new one. */
  putMap(name: string, path: string, fits: (map: BpfMap) => boolean, make: () => BpfMap): void {
    const pinned = this.#find(name);
    if (pinned !== undefined && fits(pinned)) return;
    if (pinned !== undefined) this.removeMap(name, path);
    const map = this.#removedMaps.get(name)?.findLast(fits) ?? make();
    map.pin(path);
    this.#maps.set(name, map);
    this.#forgetLoaded();
  }

  removeMap(name: string, path: string): void {
    const pinned = this.#find(name);
    if (pinned === undefined) return;
    this.#removedMaps.set(name, [...(this.#removedMaps.get(name) ?? []), pinned]);
    this.#maps.delete(name);
    unpin(path);
    this.#forgetLoaded();
  }

  /** A program of a build that uses the pinned maps. Only those that are asked for are verified. */
  async program(name: string, build: Build): Promise<BpfProgram> {
    const removed = this.#removedPrograms.get(programKey(name, build));
    if (removed !== undefined) return removed;
    const key = programKey(name, build);
    const loading = this.#loaded.get(key) ?? this.#load(name, build);
    this.#loaded.set(key, loading);
    return (await loading).program(name);
  }

  /** Remembers the program that leaves a pin. */
  removedProgram(name: string, build: Build, program: BpfProgram): void {
    this.#removedPrograms.set(programKey(name, build), program);
  }

  /** Whether a row of `plumb_devices` is empty, as it was when first asked. */
  async deviceRows(): Promise<(slot: number) => boolean> {
    this.#filledSlots ??= this.#readSlots();
    const filled = await this.#filledSlots;
    return (slot) => !filled.has(slot);
  }

  close(): void {
    for (const map of new Set([
      ...this.#maps.values(),
      ...[...this.#removedMaps.values()].flat(),
    ])) {
      map.close();
    }
    for (const program of this.#removedPrograms.values()) program.close();
    this.#forgetLoaded();
  }

  #find(name: string): BpfMap | undefined {
    try {
      return this.map(name);
    } catch {
      return undefined;
    }
  }

  async #load(program: string, build: Build): Promise<BpfObject> {
    const datapath = this.datapath;
    const { maps } = await openPinnedMaps(this.instance);
    try {
      return await loadObject(datapath.path, {
        rodata: rodataFor(datapath, build),
        programs: [program],
        reuseMaps: Object.fromEntries([...maps].filter(([name]) => datapath.maps.has(name))),
      });
    } finally {
      for (const map of maps.values()) map.close();
    }
  }

  /** An object that was loaded uses the maps of that time. */
  #forgetLoaded(): void {
    for (const loading of this.#loaded.values()) {
      loading.then(
        (object) => object.close(),
        () => undefined,
      );
    }
    this.#loaded.clear();
  }

  async #readSlots(): Promise<ReadonlySet<number>> {
    const filled = new Set<number>();
    const map = this.#find('plumb_devices');
    if (map === undefined) return filled;
    const { count, keys, values } = await map.dump();
    const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
    const width = count === 0 ? 0 : values.length / count;
    for (let i = 0; i < count; i++) {
      const row = values.subarray(i * width, (i + 1) * width);
      if (row.some((byte) => byte !== 0)) filled.add(view.getUint32(i * 4, true));
    }
    return filled;
  }
}

/** A pin is never absent while what it names changes: pinned aside, then renamed over it. */
export function pinOver(program: BpfProgram, path: string): void {
  // bpffs keeps names with a dot for itself.
  const aside = `${path}_next`;
  unpin(aside);
  try {
    program.pin(aside);
    renameSync(aside, path);
  } catch (error) {
    unpin(aside);
    throw error;
  }
}

function programKey(name: string, { object, features }: Build): string {
  return JSON.stringify([name, object, features]);
}
