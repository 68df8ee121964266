/**
 * rtnetlink, tc, named network namespaces and nftables for Node.js on Linux, over the kernel's own
 * interfaces: no child processes, nothing on the main thread. See README.md.
 */

import type {
  Address,
  Filter,
  FilterTarget,
  Link,
  Neighbor,
  Qdisc,
  Route,
  Rule,
} from './types/objects.js';
import type { Operation } from './types/operations.js';

export type * from './types/objects.js';
export type * from './types/operations.js';

/** What the kernel (or libnftables) refused. */
export class NetlinkError extends Error {
  readonly name: 'NetlinkError';
  /** Name of the errno, for example `EEXIST`. */
  readonly code: string;
  /** The errno, positive. */
  readonly errno: number;
  /** The kernel's own words, when it gave any; for {@link nft}, libnftables' text. */
  readonly extack?: string;
  /** The request in a few words, for example `route-add 10.0.0.0/8 dev 5`. */
  readonly request?: string;
  /** Position of the operation in its batch. */
  readonly index?: number;
  /**
   * Only from {@link Netlink.batch}: for each operation its error, or undefined if it was carried out.
   * Absent when an operation could not be encoded: then nothing was sent.
   */
  readonly results?: readonly (NetlinkError | undefined)[];
  constructor(
    message: string,
    fields: Pick<NetlinkError, 'code' | 'errno' | 'extack' | 'request' | 'index'> & {
      cause?: unknown;
    },
  );
}

/**
 * A rtnetlink socket in one network namespace, for good: the namespace may lose its name meanwhile.
 * Requests made at the same time are carried out one after the other.
 * Every method rejects with a {@link NetlinkError}. A dump that the kernel reports as torn by a change is
 * repeated, at most 20 times (then EINTR).
 */
export class Netlink {
  private constructor();
  /** @param o.netns path such as `/run/netns/x`; default: the namespace of this process */
  static open(o?: { netns?: string }): Promise<Netlink>;
  /** Work in progress is finished; later calls reject with EBADF. */
  close(): void;

  links(): Promise<Link[]>;
  addresses(): Promise<Address[]>;
  /** All states, also the kernel's own NOARP entries that `ip neigh` does not show. */
  neighbors(): Promise<Neighbor[]>;
  /** All tables, both families. */
  routes(): Promise<Route[]>;
  rules(): Promise<Rule[]>;
  qdiscs(): Promise<Qdisc[]>;
  /** `[]` when the block or the device does not exist. */
  filters(target: FilterTarget): Promise<Filter[]>;
  /**
   * The number by which this namespace knows the one at `path` ({@link Link.peerNsid}); undefined if
   * it has given none.
   */
  nsid(path: string): Promise<number | undefined>;

  /**
   * Sends the operations in order, many in one system call; each is acknowledged. An operation that
   * fails does not hold up those after it. Rejects with the first failure: `index` says which, and
   * `results` what became of all.
   */
  batch(operations: readonly Operation[]): Promise<void>;
}

/**
 * Runs commands in libnftables' JSON form (libnftables-json(5)) in a namespace; those of one call are
 * one transaction. Calls are carried out one at a time.
 * @param o.netns path; default: the namespace of this process
 * @param o.echo answer with the objects as the kernel has them now, handles included; default: false
 * @returns what a `list` printed (or `echo`), else `{}`
 */
export function nft(o: { netns?: string; json: object; echo?: boolean }): Promise<object>;

/**
 * Makes a persistent namespace at /run/netns/NAME as `ip netns add` does, with `lo` up. Alias and state of
 * `lo` are set before the name can be seen. EEXIST if the name is taken; nothing remains on failure.
 */
export function netnsCreate(o: { name: string; loAlias?: string }): Promise<void>;

/** Takes the name away; the namespace goes when nothing else holds it. No error if there is none. */
export function netnsDelete(name: string): Promise<void>;

/**
 * Removes names without a namespace behind them that somebody left who was killed over making or deleting
 * one with this alias of `lo`, and returns them. Not while one with that alias is being made.
 */
export function netnsSweep(loAlias: string): string[];

/** Names in /run/netns that have a namespace behind them, sorted. */
export function netnsList(): string[];

/**
 * Reads files that are others in each namespace: /proc/sys/net/..., /proc/thread-self/net/...
 * @param o.netns path; default: the namespace of this process
 * @returns texts in the order of the paths; empty for a file that cannot be read
 */
export function netnsRead(o: { netns?: string; paths: readonly string[] }): Promise<string[]>;

/**
 * Writes a file that is another one in each namespace: a setting in /proc/sys/net/...
 * @param o.netns path; default: the namespace of this process
 */
export function netnsWrite(o: { netns?: string; path: string; text: string }): Promise<void>;

/**
 * Inode of a namespace: its identity while it lives.
 * @param path default: the namespace of this process
 */
export function netnsId(path?: string): bigint;

/**
 * A socket that takes what comes for addresses that are not its own (IP_TRANSPARENT), in both
 * families (IPv4 mapped), bound to `[::]:port` with SO_REUSEADDR. Non-blocking, CLOEXEC. The caller
 * closes it, or gives it to who does (`new net.Socket`, `server.listen({ fd })`).
 * @param o.netns path of the namespace it belongs to; default: that of this process
 * @param o.type tcp: listening
 * @param o.port default: 0, any that is free
 * @param o.device to be bound to (SO_BINDTODEVICE), with every connection that it accepts; default: none
 * @param o.mark SO_MARK, of every connection that it accepts, too; default: none
 * @param o.backlog connections of tcp that wait to be accepted; default: 4096
 * @returns its file descriptor
 */
export function transparentSocket(o: {
  netns?: string;
  type: 'tcp' | 'udp';
  port?: number;
  device?: string;
  mark?: number;
  backlog?: number;
}): Promise<number>;

/**
 * Connects by TCP from an address that need not be one of the namespace's. What comes back finds the
 * socket only where the namespace takes it in (a local route).
 * @param o.sourcePort default: 0, any that is free for this destination
 * @param o.device name of the only device it sends and receives through; default: any
 * @param o.timeoutMs until it rejects with ETIMEDOUT
 * @returns file descriptor, for `new net.Socket({ fd })`
 */
export function transparentConnect(o: {
  netns?: string;
  source: string;
  sourcePort?: number;
  destination: string;
  port: number;
  device?: string;
  timeoutMs: number;
}): Promise<number>;

/** Both ends of a datagram. Addresses are IPv4 or IPv6 as text, never mapped. */
export interface DatagramPath {
  source: string;
  sourcePort: number;
  /** Where it was sent to, which need not be an address of the namespace. */
  destination: string;
  destinationPort: number;
}

export interface DatagramHandlers {
  onMessage: (data: Buffer, path: DatagramPath) => void;
  /** What the kernel says of a datagram sent before, ECONNREFUSED for example. Default: ignored. */
  onError?: (error: NetlinkError) => void;
}

/** UDP over a socket of {@link transparentSocket}, or one connected from an address of somebody else. */
export class DatagramSocket {
  /**
   * Closes `fd` when it is closed.
   * @param o.netns path of the namespace that `fd` belongs to; default: that of this process
   * @param o.device that datagrams from other ports leave by; default: any
   */
  constructor(o: DatagramHandlers & { fd: number; netns?: string; device?: string });

  /**
   * Receives from `destination` and `port` only. Parameters as of {@link transparentConnect}; a port
   * of its own is one that no other socket has.
   */
  static connect(
    o: DatagramHandlers & {
      netns?: string;
      source: string;
      sourcePort?: number;
      destination: string;
      port: number;
      device?: string;
    },
  ): Promise<DatagramSocket>;

  /** That it is bound to. */
  readonly port: number;

  /**
   * Rejects with EAGAIN when the kernel's buffer is full. A `fromPort` that is not the socket's own is
   * that of another socket, bound to `[::]:fromPort`, which is opened for it; the 64 used last are
   * kept.
   * @param path default: to whom the socket is connected
   * @param path.from default: the address that the kernel prefers
   * @param path.fromPort default: {@link port}
   */
  send(
    data: Uint8Array,
    path?: { from?: string; fromPort?: number; to: string; toPort: number },
  ): Promise<void>;

  close(): void;
}
