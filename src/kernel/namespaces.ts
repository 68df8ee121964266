import { failedWith } from './errno.js';
import { netnsPath, type Instance } from './instance.js';
import { Netlink, type Address, type Link, type Neighbor, type Route } from './native.js';

/** What rtnetlink says of one namespace at one time. */
export interface Snapshot {
  /** Name of the endpoint namespace; absent for the node's own. */
  readonly netns?: string;
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  readonly neighbors: readonly Neighbor[];
  readonly routes: readonly Route[];
}

/** rtnetlink sockets, one a namespace, opened when first used. */
export class Namespaces {
  readonly #open = new Map<string | undefined, Promise<Netlink>>();

  constructor(private readonly instance: Instance) {}

  /** The socket in an endpoint's namespace, or without a name in the node's own. */
  in(netns?: string): Promise<Netlink> {
    const known = this.#open.get(netns);
    if (known !== undefined) return known;
    const path = netns === undefined ? this.instance.netnsPath : netnsPath(netns);
    const opened = Netlink.open(path === undefined ? {} : { netns: path });
    this.#open.set(netns, opened);
    // A namespace that could not be entered may be there the next time.
    opened.catch(() => this.#open.delete(netns));
    return opened;
  }

  /** An open socket keeps a namespace alive after its name is gone. */
  async release(netns: string | undefined): Promise<void> {
    const opened = this.#open.get(netns);
    this.#open.delete(netns);
    await opened?.then(
      (netlink) => netlink.close(),
      () => undefined,
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((netns) => this.release(netns)));
  }

  async snapshot(netns?: string): Promise<Snapshot> {
    const netlink = await this.in(netns);
    const links = await netlink.links();
    const addresses = await netlink.addresses();
    const neighbors = await netlink.neighbors();
    const routes = await netlink.routes();
    return {
      ...(netns === undefined ? {} : { netns }),
      links,
      addresses,
      neighbors,
      routes,
    };
  }
}

const AT_ONCE = 32;

/** Does for each, in their order, what waits for the kernel: some at a time. */
export async function severalAtOnce<T, R>(
  all: readonly T[],
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const done: R[] = [];
  for (let i = 0; i < all.length; i += AT_ONCE) {
    done.push(...(await Promise.all(all.slice(i, i + AT_ONCE).map(work))));
  }
  return done;
}

/** The namespace went away, or the name never was one: `ip netns` leaves such files behind. */
export function isGone(error: unknown): boolean {
  return failedWith(error, 'ENOENT', 'EINVAL', 'ENODEV');
}

export function isForbidden(error: unknown): boolean {
  return failedWith(error, 'EPERM', 'EACCES');
}
