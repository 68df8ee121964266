import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { transparentSocket } from 'iproute2-netlink';
import { loadObject, RingBuffer, type BpfMap, type BpfObject } from 'libbpf-napi';
import { decodeEvent, type PacketEvent } from '../../src/kernel/events.js';
import { readStruct, type FieldValue, type Row } from '../../src/state/codec.js';
import { encodeRows } from '../../src/state/columns.js';
import { toKernel } from '../../src/state/kernel-form.js';
import { layoutOf, structsOf } from '../../src/state/struct.js';
import type { MapName } from '../../src/state/layout.js';
import { PROXY_MODE } from '../../src/state/proxy-names.js';
import { TestDevices } from './devices.js';
import { rowsOf, type World } from './world.js';

export const OBJECT = join(import.meta.dirname, '../../bpf/dist/endpoint.o');

/** What a program returns. */
export const ACTION = { ok: 0, drop: 2, redirect: 7 } as const;

/**
 * from_endpoint judges what an endpoint sends, to_endpoint what the host's stack sends to it; the others
 * are on the node's own devices.
 */
export type ProgramName =
  | 'from_endpoint'
  | 'to_endpoint'
  | 'from_host'
  | 'from_tunnel'
  | 'from_uplink'
  | 'to_uplink'
  | 'from_egress_proxy'
  | 'from_ingress_proxy';

export interface DatapathOptions {
  /** Endpoint devices, named ep0, ep1, ... Default 2. */
  readonly devices?: number;
  /** Of switches by name, without `feature_`. Default: all on. */
  readonly features?: Readonly<Record<string, boolean>>;
  /** Of maps, instead of a small size. */
  readonly maxEntries?: Readonly<Record<string, number>>;
  /** Makes maps that take the place of the object's own. */
  readonly reuseMaps?: Readonly<Record<string, BpfMap>>;
  /** Another object than the shipped one. */
  readonly path?: string;
  /** Further values for its .rodata. */
  readonly rodata?: Readonly<Record<string, Uint8Array>>;
}

/** An entry of a map as the kernel holds it, by field. */
export interface Entry {
  readonly key: Readonly<Record<string, FieldValue>>;
  readonly value: Readonly<Record<string, FieldValue>>;
}

/** So that loading does not allocate a node's worth of memory. */
const MAX_ENTRIES = {
  plumb_conntrack: 4096,
  plumb_metrics: 1024,
  plumb_devices: 64,
  plumb_affinity: 1024,
};

const FILLED_BY_PACKETS = [
  'plumb_conntrack',
  'plumb_metrics',
  'plumb_counters',
  'plumb_fragments',
  'plumb_affinity',
] as const;

/** The shipped object, loaded on maps of its own, and devices to run it on. */
export class TestDatapath {
  #events: PacketEvent[] = [];
  readonly #listening: number[] = [];

  private constructor(
    readonly devices: TestDevices,
    readonly object: BpfObject,
    private readonly ring: RingBuffer,
  ) {}

  /** Close it in `afterAll`; nothing is left behind when this fails. */
  static async open(options: DatapathOptions = {}): Promise<TestDatapath> {
    const features = Object.entries(options.features ?? {});
    const devices = await TestDevices.make(options.devices ?? 2);
    try {
      const object = await loadObject(options.path ?? OBJECT, {
        rodata: {
          ...Object.fromEntries(features.map(([name, on]) => [`feature_${name}`, switchOf(on)])),
          ...options.rodata,
        },
        reuseMaps: { ...options.reuseMaps },
        maxEntries: { ...MAX_ENTRIES, ...options.maxEntries },
      });
      const events: PacketEvent[] = [];
      const ring = new RingBuffer(object.map('plumb_events'), (record) => {
        events.push(decodeEvent(record));
      });
      const datapath = new TestDatapath(devices, object, ring);
      datapath.#events = events;
      return datapath;
    } catch (error) {
      await devices.dispose();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.ring.close();
    this.object.close();
    for (const fd of this.#listening.splice(0)) closeSync(fd);
    await this.devices.dispose();
  }

  /** Empties every map, then fills them; generation 1, buffer 0. */
  async load(world: World): Promise<void> {
    this.setEpoch(1, 0, world.flags ?? 0);
    this.#configure('hostPolicySet', world.hostPolicySet ?? 0);
    for (const device of ['proxyEgress', 'proxyIngress', 'tunnelDevice'] as const) {
      this.#configure(device, this.devices.ifindexOf(world[device] ?? '') ?? 0);
    }
    this.#configure('proxyMode', PROXY_MODE[world.proxyMode ?? 'socket']);
    for (const map of FILLED_BY_PACKETS) await this.clear(map);
    const rows = Object.entries(rowsOf(world)) as [MapName, Row[]][];
    for (const [map, given] of rows) {
      await this.clear(map);
      await this.write(map, given);
    }
    this.events();
  }

  /** Adds rows in State form; devices by name. */
  async write(map: MapName, rows: readonly Row[]): Promise<void> {
    const { keys, values, count } = toKernel(map, encodeRows(map, rows), this.devices);
    if (count > 0) await this.object.map(map).updateBatch(keys, values, count);
  }

  /** Has a socket for each of these listeners. */
  async listen(...listeners: readonly number[]): Promise<void> {
    for (const listener of listeners) {
      const fd = await transparentSocket({ type: 'tcp' });
      this.#listening.push(fd);
      const key = new Uint8Array(Uint32Array.of(listener).buffer);
      this.object
        .map('plumb_listeners')
        .update(key, new Uint8Array(BigUint64Array.of(BigInt(fd)).buffer));
    }
  }

  /** The one write that commits. Flags of plumb_config stay unless given. */
  setEpoch(generation: number, buffer: 0 | 1, flags?: number): void {
    const config = this.object.map('plumb_config');
    const key = new Uint8Array(4);
    const value = config.lookup(key) ?? new Uint8Array(20);
    const view = new DataView(value.buffer, value.byteOffset);
    view.setUint32(0, ((generation << 1) | buffer) >>> 0, true);
    if (flags !== undefined) view.setUint32(4, flags, true);
    config.update(key, value);
  }

  #configure(field: string, to: number): void {
    const config = this.object.map('plumb_config');
    const key = new Uint8Array(4);
    const value = config.lookup(key)!;
    const { fields } = structsOf('plumb_config', 'kernel').value;
    const at = fields.find(({ name }) => name === field)!.offset;
    new DataView(value.buffer, value.byteOffset).setUint32(at, to, true);
    config.update(key, value);
  }

  /** Runs one packet on a device; `data` is what became of it. */
  async run(
    program: ProgramName,
    device: string,
    data: Uint8Array,
  ): Promise<{ action: number; data: Uint8Array }> {
    const ifindex = this.devices.ifindexOf(device)!;
    const run = { data, ifindex, netns: this.devices.path };
    const { retval, data: after } = await this.object.program(program).testRun(run);
    return { action: retval, data: after };
  }

  /** Runs many packets in turn, each on its device; the actions. */
  async runBatch(
    program: ProgramName,
    packets: readonly { readonly device: string; readonly data: Uint8Array }[],
  ): Promise<number[]> {
    const { retvals } = await this.object.program(program).testRunBatch({
      packets: packets.map(({ data }) => data),
      ifindexes: Uint32Array.from(packets, ({ device }) => this.devices.ifindexOf(device)!),
      netns: this.devices.path,
    });
    return [...retvals];
  }

  /** Events since the last call. */
  events(): PacketEvent[] {
    this.ring.consume();
    return this.#events.splice(0);
  }

  /** Entries of a map; of a per-CPU map each CPU's value is summed. */
  async entries(map: MapName): Promise<Entry[]> {
    const { key, value } = structsOf(map, 'kernel');
    const { count, keys, values } = await this.object.map(map).dump();
    const width = count === 0 ? 0 : values.length / count;
    return Array.from({ length: count }, (_, i) => {
      const parts: Record<string, FieldValue>[] = [];
      for (let at = i * width; at < (i + 1) * width; at += value.size) {
        parts.push(readStruct(value, values, at));
      }
      return { key: readStruct(key, keys, i * key.size), value: summed(parts) };
    });
  }

  /** Makes every flow look as if its time were over. */
  async expireFlows(): Promise<void> {
    const map = this.object.map('plumb_conntrack');
    const { value } = structsOf('plumb_conntrack', 'kernel');
    const at = value.fields.find(({ name }) => name === 'expires')!.offset;
    const { count, keys, values } = await map.dump();
    const view = new DataView(values.buffer, values.byteOffset);
    for (let i = 0; i < count; i++) view.setUint32(i * value.size + at, 0, true);
    await map.updateBatch(keys, values, count);
  }

  async clear(name: MapName): Promise<void> {
    const map = this.object.map(name);
    const { count, keys, values } = await map.dump();
    if (count === 0) return;
    if (['array', 'percpu_array'].includes(layoutOf(name).type))
      await map.updateBatch(keys, values.fill(0), count);
    else await map.deleteBatch(keys, count);
  }
}

function switchOf(on: boolean): Uint8Array {
  return Uint8Array.of(on ? 1 : 0);
}

function summed(parts: readonly Record<string, FieldValue>[]): Record<string, FieldValue> {
  const [first = {}, ...rest] = parts;
  const names = Object.keys(first);
  return rest.reduce(
    (sum, part) =>
      Object.fromEntries(names.map((name) => [name, BigInt(sum[name]!) + BigInt(part[name]!)])),
    first,
  );
}
