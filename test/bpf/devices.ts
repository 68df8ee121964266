import { randomBytes } from 'node:crypto';
import { Netlink, netnsCreate, netnsDelete } from 'iproute2-netlink';
import { IFINDEX_BASE } from '../../src/state/layout.js';
import type { Devices } from '../../src/state/kernel-form.js';

/** A network namespace of its own with veths `ep0`, `ep1`, ... where endpoints' devices are numbered. */
export class TestDevices implements Devices {
  readonly path: string;
  /** A device above those of endpoints, that no row names. */
  readonly stranger: string;
  private readonly names: readonly string[];
  private readonly slots: ReadonlyMap<string, number>;

  private constructor(
    private readonly name: string,
    count: number,
  ) {
    this.path = `/run/netns/${name}`;
    this.stranger = `ep${count - 1}`;
    this.names = Array.from({ length: count }, (_, i) => `ep${i}`);
    this.slots = new Map(this.names.map((device, i) => [device, i]));
  }

  /** `endpoints` devices, and the stranger. */
  static async make(endpoints: number): Promise<TestDevices> {
    const devices = new TestDevices(`plumb-bpf-${randomBytes(4).toString('hex')}`, endpoints + 1);
    await netnsCreate({ name: devices.name });
    try {
      const netlink = await Netlink.open({ netns: devices.path });
      try {
        await netlink.batch(devices.names.map((name, i) => veth(name, i)));
      } finally {
        netlink.close();
      }
    } catch (error) {
      await devices.dispose();
      throw error;
    }
    return devices;
  }

  ifindexOf(name: string): number | undefined {
    const slot = this.slots.get(name);
    return slot === undefined ? undefined : IFINDEX_BASE + slot;
  }

  nameOf(ifindex: number): string | undefined {
    return this.names[ifindex - IFINDEX_BASE];
  }

  async dispose(): Promise<void> {
    await netnsDelete(this.name);
  }
}

function veth(name: string, slot: number): Parameters<Netlink['batch']>[0][number] {
  const peer = { name: `in${slot}`, ifindex: 2 * IFINDEX_BASE + slot };
  return { op: 'link-add', name, kind: 'veth', ifindex: IFINDEX_BASE + slot, up: true, peer };
}
