import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { decodeEvent, type PacketEvent } from '../../src/kernel/events.js';
import { loadObject, RingBuffer, type BpfObject } from '../../src/kernel/native.js';
import { RESERVED } from '../../src/model/identity.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { toKernel, type Devices } from '../../src/state/kernel-form.js';
import { entries, type OriginRow } from '../../src/state/kinds/bpf-entries.js';
import { CONFIG_ALLOW_LOCALHOST, IFINDEX_BASE, type MapName } from '../../src/state/layout.js';
import type { EntriesResource } from '../../src/state/state.js';
import { layoutOf, mapNames } from '../../src/state/struct.js';
import { policyEntries } from '../../src/synth/policy-entries.js';
import type { Wire } from './packet-bytes.js';
import { bytesOf } from './packet-bytes.js';

const OBJECT = join(import.meta.dirname, '../../bpf/dist/endpoint.o');
/** So that loading and clearing take no node's worth of memory. */
const MAX_ENTRIES = {
  plumb_conntrack: 65_536,
  plumb_metrics: 1024,
  plumb_devices: 512,
  plumb_affinity: 1024,
};
/** tc: the packet is dropped. Everything else lets it on. */
const TC_ACT_SHOT = 2;
const MAC = '02:00:00:00:00:01';

/** Where one identity is; a local one has a twin beside it, so that it can talk to its own kind. */
export interface Place {
  readonly identity: number;
  readonly device: string;
  readonly isLocal: boolean;
  readonly addresses: { readonly 4: string; readonly 6: string };
}

/** One packet on the hook of one device. */
export interface Shot {
  readonly device: string;
  readonly program: 'from_endpoint' | 'to_endpoint' | 'from_uplink' | 'to_uplink';
  readonly wire: Wire;
}

export interface Outcome {
  readonly dropped: boolean;
  /** Of a packet that was dropped, or only audited. */
  readonly event: PacketEvent | undefined;
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
  private isFilled = false;

  private constructor(
    private readonly object: BpfObject,
    private readonly namespace: DeviceNamespace,
  ) {}

  static async load(
    compiled: CompiledPolicy,
    places: readonly Place[],
    namespace: DeviceNamespace,
  ): Promise<LoadedPolicy> {
    const loaded = await LoadedPolicy.open(namespace);
    const policy = policyEntries(compiled, { path: 'agreement' });
    await loaded.fill([...policy, ...addressing(compiled, places)]);
    return loaded;
  }

  /** The datapath on empty maps, for policies one after the other. */
  static async open(namespace: DeviceNamespace): Promise<LoadedPolicy> {
    return new LoadedPolicy(await loadObject(OBJECT, { maxEntries: MAX_ENTRIES }), namespace);
  }

  /**
   * In place of all that was there.
   * @param devices names in the rows; by default those of the namespace
   */
  async fill(rows: readonly EntriesResource[], devices: Devices = this.namespace): Promise<void> {
    if (this.isFilled) for (const name of mapNames()) await this.clear(name);
    this.isFilled = true;
    for (const { map, columns } of rows) {
      const { keys, values, count } = toKernel(map, columns, devices);
      if (count > 0) await this.object.map(map).updateBatch(keys, values, count);
    }
  }

  private async clear(name: MapName): Promise<void> {
    const { type } = layoutOf(name);
    if (type === 'ringbuf' || type === 'sockhash') return;
    const map = this.object.map(name);
    const { count, keys, values } = await map.dump();
    if (count === 0) return;
    if (type.endsWith('array')) await map.updateBatch(keys, values.fill(0), count);
    else await map.deleteBatch(keys, count);
  }

  /** Runs packets one after the other; what one of them opens, the next ones meet. */
  async judge(shots: readonly Shot[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const events: PacketEvent[] = [];
    const ring = new RingBuffer(this.object.map('plumb_events'), (record) =>
      events.push(decodeEvent(record)),
    );
    try {
      for (const { device, program, wire } of shots) {
        const before = events.length;
        const { retvals } = await this.object.program(program).testRunBatch({
          packets: [bytesOf(wire)],
          ifindexes: Uint32Array.of(this.namespace.ifindexOf(device) ?? 0),
          netns: this.namespace.path,
        });
        ring.consume();
        const dropped = retvals[0] === TC_ACT_SHOT;
        outcomes.push({ dropped, event: events.slice(before).at(-1) });
      }
    } finally {
      ring.close();
    }
    return outcomes;
  }

  close(): void {
    this.object.close();
  }
}

function addressing(compiled: CompiledPolicy, places: readonly Place[]): EntriesResource[] {
  const local = places.filter(({ isLocal }) => isLocal);
  const here = ({ identity }: Place) => ({
    identity,
    policySet: compiled.policySets.get(identity) ?? 0,
  });
  const flags = compiled.allowLocalhost ? CONFIG_ALLOW_LOCALHOST : 0;
  const hostPolicySet = compiled.policySets.get(RESERVED.host) ?? 0;
  const rows: [MapName, OriginRow[]][] = [
    ['plumb_config', [{ key: { index: 0 }, value: { flags, hostPolicySet } }]],
    [
      'plumb_devices',
      local.map((place) => ({
        key: { device: place.device },
        value: { ...here(place), address4: place.addresses[4], address6: place.addresses[6] },
      })),
    ],
    [
      'plumb_endpoints',
      local.flatMap((place) =>
        Object.values(place.addresses).map((address) => ({
          key: { address },
          value: { device: place.device, ...here(place), mac: MAC, hostMac: MAC },
        })),
      ),
    ],
    [
      'plumb_ipcache',
      [...places, ...reservedPlaces()].flatMap(({ identity, addresses }) =>
        Object.values(addresses).map((address) => ({ key: { address }, value: { identity } })),
      ),
    ],
    [
      'plumb_ipcache_lpm',
      compiled.prefixes.map(({ prefix, identity }) => {
        const [address = '', length = ''] = prefix.split('/');
        const prefixLength = Number(length) + (address.includes(':') ? 0 : 96);
        return { key: { prefixLength, address }, value: { identity } };
      }),
    ],
    [
      'plumb_classes',
      [...compiled.classes].map(([identity, id]) => ({ key: { identity }, value: { class: id } })),
    ],
  ];
  return rows.map(([map, list]) => entries(map, list));
}

/** Addresses of identities that are known by name: what an ipcache says of hosts and their like. */
export function reservedPlaces(): Place[] {
  return Object.values(RESERVED).map((identity) => ({
    identity,
    device: '',
    isLocal: false,
    addresses: { 4: `172.31.0.${String(identity)}`, 6: `fd98::${String(identity)}` },
  }));
}
