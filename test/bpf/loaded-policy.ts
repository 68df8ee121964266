import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { decodeEvent, type PacketEvent } from '../../src/kernel/events.js';
import { loadObject, RingBuffer, type BpfObject } from '../../src/kernel/native.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { toKernel, type Devices } from '../../src/state/kernel-form.js';
import { IFINDEX_BASE, type MapName } from '../../src/state/layout.js';
import type { EntriesResource } from '../../src/state/state.js';
import { layoutOf, mapNames, structsOf } from '../../src/state/struct.js';
import type { ProgramName } from './datapath.js';
import type { Wire } from './packet-bytes.js';
import { bytesOf } from './packet-bytes.js';
import { policyRows, type Place } from './policy-rows.js';

const OBJECT = join(import.meta.dirname, '../../bpf/dist/endpoint.o');
/** tc: the packet is dropped. Everything else lets it on. */
const TC_ACT_SHOT = 2;

/** So that loading does not allocate a node's worth of memory; `dump` of an array reads all of it. */
const MAX_ENTRIES = {
  plumb_conntrack: 65_536,
  plumb_metrics: 1024,
  plumb_devices: 1024,
  plumb_affinity: 1024,
};
const FILLED = mapNames().filter(
  (name) =>
    !['plumb_events', 'plumb_listeners'].includes(name) &&
    !layoutOf(name).type.startsWith('percpu'),
);

/** One packet on the hook of one device. */
export interface Shot {
  readonly program: ProgramName;
  readonly device: string;
  readonly wire: Wire;
}

export interface Outcome {
  readonly dropped: boolean;
  /** Of a packet that was dropped, or only audited. */
  readonly event: PacketEvent | undefined;
  /** The frame as the program left it. */
  readonly data: Uint8Array;
}

/** A network namespace with as many devices as there are slots, whose ifindexes are ours. */
export class DeviceNamespace implements Devices {
  readonly name = `plcy-${String(process.pid)}`;
  readonly path = `/run/netns/${this.name}`;

  constructor(private readonly slots: number) {
    execFileSync('ip', ['netns', 'add', this.name]);
    // Both ends of a pair are slots: nothing is ever sent, a device is only what a packet is said to be on.
    const lines = this.devices().flatMap((device, n, all) => {
      const at = String(IFINDEX_BASE + n);
      const peer = `${all[n + 1] ?? 'spare'} index ${String(IFINDEX_BASE + n + 1)}`;
      return n % 2 === 0 ? [`link add name ${device} index ${at} type veth peer name ${peer}`] : [];
    });
    try {
      execFileSync('ip', ['-netns', this.name, '-batch', '-'], { input: lines.join('\n') });
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  devices(): string[] {
    return Array.from({ length: this.slots }, (_, n) => `d${String(n)}`);
  }

  ifindexOf(name: string): number | undefined {
    return /^d\d+$/.test(name) ? IFINDEX_BASE + Number(name.slice(1)) : undefined;
  }

  nameOf(ifindex: number): string | undefined {
    return this.devices()[ifindex - IFINDEX_BASE];
  }

  dispose(): void {
    execFileSync('ip', ['netns', 'delete', this.name]);
  }
}

/** The shipped datapath with a compiled policy in maps of its own. */
export class LoadedPolicy {
  private readonly ring: RingBuffer;
  private readonly events: PacketEvent[] = [];
  private isFilled = false;

  private constructor(
    private readonly object: BpfObject,
    private readonly namespace: DeviceNamespace,
  ) {
    this.ring = new RingBuffer(object.map('plumb_events'), (record) => {
      this.events.push(decodeEvent(record));
    });
  }

  /** The object is loaded once; policies come and go in its maps. */
  static async open(namespace: DeviceNamespace): Promise<LoadedPolicy> {
    return new LoadedPolicy(await loadObject(OBJECT, { maxEntries: MAX_ENTRIES }), namespace);
  }

  /** A policy and those it is about, in place of all that was there. */
  async load(compiled: CompiledPolicy, places: readonly Place[]): Promise<void> {
    await this.fill(policyRows(compiled, places));
  }

  /**
   * In place of all that was there.
   * @param devices names in the rows; by default those of the namespace
   */
  async fill(rows: readonly EntriesResource[], devices: Devices = this.namespace): Promise<void> {
    if (this.isFilled) for (const map of FILLED) await this.clear(map);
    this.isFilled = true;
    for (const resource of rows) await this.write(resource, 0, devices);
  }

  private async clear(name: MapName): Promise<void> {
    const map = this.object.map(name);
    const { count, keys, values } = await map.dump();
    if (count === 0) return;
    if (layoutOf(name).type.endsWith('array')) await map.updateBatch(keys, values.fill(0), count);
    else await map.deleteBatch(keys, count);
  }

  async write(
    { map, columns }: EntriesResource,
    buffer: 0 | 1 = 0,
    devices: Devices = this.namespace,
  ): Promise<void> {
    const { keys, values, count } = toKernel(map, columns, devices);
    if (map === 'plumb_heads') setBuffer(keys, count, buffer);
    if (count > 0) await this.object.map(map).updateBatch(keys, values, count);
  }

  /**
   * Puts a policy into a buffer and makes it the one that holds, with its classes and policy sets: what
   * a plan does in steps, here where no packet is on its way.
   */
  async commit(
    compiled: CompiledPolicy,
    places: readonly Place[],
    generation: number,
    buffer: 0 | 1,
  ): Promise<void> {
    for (const resource of policyRows(compiled, places)) await this.write(resource, buffer);
    const config = this.object.map('plumb_config');
    const key = new Uint8Array(4);
    const value = config.lookup(key)!;
    const view = new DataView(value.buffer, value.byteOffset);
    view.setUint32(0, ((generation << 1) | buffer) >>> 0, true);
    config.update(key, value);
  }

  /** Runs packets one after the other; what one of them opens, the next ones meet. */
  async judge(shots: readonly Shot[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const { wire, ...at } of shots) outcomes.push(await this.run(at, bytesOf(wire)));
    return outcomes;
  }

  /** Runs one frame. */
  async run({ program, device }: Omit<Shot, 'wire'>, frame: Uint8Array): Promise<Outcome> {
    const { retval, data } = await this.object.program(program).testRun({
      data: frame,
      ifindex: this.namespace.ifindexOf(device) ?? 0,
      netns: this.namespace.path,
    });
    this.ring.consume();
    return { dropped: retval === TC_ACT_SHOT, event: this.events.splice(0).at(-1), data };
  }

  close(): void {
    this.ring.close();
    this.object.close();
  }
}

function setBuffer(keys: Uint8Array, count: number, buffer: 0 | 1): void {
  const { size, fields } = structsOf('plumb_heads', 'kernel').key;
  const at = fields.find(({ name }) => name === 'buffer')!.offset;
  const view = new DataView(keys.buffer, keys.byteOffset);
  for (let i = 0; i < count; i++) view.setUint32(i * size + at, buffer, true);
}
