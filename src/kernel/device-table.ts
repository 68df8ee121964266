import { PlumbError } from '../model/error.js';
import type { Devices } from '../state/kernel-form.js';
import { IFINDEX_BASE, MAPS } from '../state/layout.js';
import type { Namespaces } from './namespaces.js';
import { ownLinks } from './ownership.js';

/** The node's devices during an apply: which ifindexes are taken, and which names are ours. */
export class DeviceTable {
  #used: Set<number> | undefined;
  readonly #own = new Map<string, number>();
  readonly #former = new Map<string, number>();

  constructor(
    private readonly namespaces: Namespaces,
    private readonly node: string,
  ) {}

  async load(): Promise<this> {
    if (this.#used !== undefined) return this;
    const links = await (await this.namespaces.in()).links();
    this.#used = new Set(links.map((link) => link.ifindex));
    for (const link of ownLinks(links, this.node)) this.#own.set(link.name, link.ifindex);
    return this;
  }

  /** Reads again at the next use: what is there is not certain. The numbers stay known. */
  forget(): void {
    this.#used = undefined;
    for (const [name, ifindex] of this.#own) this.#former.set(name, ifindex);
    this.#own.clear();
  }

  ifindexOf(name: string): number | undefined {
    return this.#own.get(name);
  }

  added(name: string, ifindex: number): void {
    this.#own.set(name, ifindex);
    this.#used?.add(ifindex);
  }

  /** The number stays known: rows name the device, and made again it gets the same. */
  removed(name: string): void {
    const ifindex = this.#own.get(name);
    if (ifindex === undefined) return;
    this.#former.set(name, ifindex);
    this.#own.delete(name);
    this.#used?.delete(ifindex);
  }

  /** Names as rows to be written need them, devices removed in this apply included. */
  forRows(): Devices {
    return {
      ifindexOf: (name) => this.#own.get(name) ?? this.#former.get(name),
      nameOf: (ifindex) => [...this.#own].find(([, number]) => number === ifindex)?.[0],
    };
  }

  /**
   * The lowest free number whose row in `plumb_devices` is empty: a row left over from another device
   * would give the new one its identity until it is rewritten.
   * @throws PlumbError PLB_DEVICES_FULL
   */
  choose(name: string, isRowEmpty: (slot: number) => boolean): number {
    const former = this.#former.get(name);
    const used = this.#used ?? new Set();
    if (former !== undefined && !used.has(former)) return former;
    const most = MAPS.plumb_devices.maxEntries;
    for (let slot = 0; slot < most; slot++) {
      if (!used.has(IFINDEX_BASE + slot) && isRowEmpty(slot)) return IFINDEX_BASE + slot;
    }
    throw new PlumbError('PLB_DEVICES_FULL', `no interface number is free for ${name}`, {
      hint: `A node holds at most ${most} endpoint devices.`,
    });
  }
}
