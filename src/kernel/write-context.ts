import { PlumbError } from '../model/error.js';
import { failedWith } from './errno.js';
import type { Instance } from './instance.js';
import { isGone, Namespaces } from './namespaces.js';
import type { Operation } from './native.js';
import { DeviceTable } from './device-table.js';
import { FilterMemory } from './filter-memory.js';
import { PinnedObjects } from './pinned-objects.js';

export interface WriteOptions {
  /** The datapath's object file; the one that is shipped by default. */
  readonly objectPath?: string;
}

/** What the writers of one apply share: sockets, open maps, and what was there before for an undo. */
export class WriteContext {
  readonly namespaces: Namespaces;
  readonly devices: DeviceTable;
  readonly objects: PinnedObjects;
  readonly filters = new FilterMemory();

  constructor(
    readonly instance: Instance,
    /** Name of the node, which marks what is ours. */
    readonly node: string,
    options: WriteOptions = {},
  ) {
    this.namespaces = new Namespaces(instance);
    this.devices = new DeviceTable(this.namespaces, node);
    this.objects = new PinnedObjects(instance, options.objectPath);
  }

  /** Sends in order; failures with one of the errno names in `fine` count as done. */
  async send(
    netns: string | undefined,
    operations: Operation[],
    fine: readonly string[] = [],
  ): Promise<void> {
    const netlink = await this.namespaces.in(netns);
    try {
      await netlink.batch(operations);
    } catch (error) {
      if (!failedWith(error, ...fine)) throw error;
    }
  }

  /** ifindex of a device of ours in the node, or of any in a namespace of ours; undefined if it is not there. */
  async findIfindex(netns: string | undefined, device: string): Promise<number | undefined> {
    if (netns === undefined) return (await this.devices.load()).ifindexOf(device);
    try {
      const links = await (await this.namespaces.in(netns)).links();
      return links.find((link) => link.name === device)?.ifindex;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** As {@link findIfindex}, but in the node whoever the device belongs to. */
  async findAny(netns: string | undefined, device: string): Promise<number | undefined> {
    const own = await this.findIfindex(netns, device);
    if (own !== undefined || netns !== undefined) return own;
    const links = await (await this.namespaces.in()).links();
    return links.find((link) => link.name === device)?.ifindex;
  }

  /** @throws PlumbError PLB_NO_DEVICE */
  async anyIfindex(netns: string | undefined, device: string): Promise<number> {
    const ifindex = await this.findAny(netns, device);
    if (ifindex !== undefined) return ifindex;
    throw new PlumbError('PLB_NO_DEVICE', `there is no device ${device}`, {
      hint: "Make it, or take it out of the node's devices, and plan again.",
    });
  }

  /** @throws PlumbError PLB_NO_DEVICE */
  async ifindexIn(netns: string | undefined, device: string): Promise<number> {
    const ifindex = await this.findIfindex(netns, device);
    if (ifindex !== undefined) return ifindex;
    const place = netns === undefined ? 'the node' : `namespace ${netns}`;
    throw new PlumbError('PLB_NO_DEVICE', `there is no device ${device} of ours in ${place}`, {
      hint: 'It was removed meanwhile: plan again.',
    });
  }

  async close(): Promise<void> {
    this.filters.close();
    this.objects.close();
    await this.namespaces.close();
  }
}
