/**
 * rtnetlink, tc, named network namespaces and nftables for Node.js on Linux, over the kernel's own
 * interfaces: no child processes, nothing on the main thread. See README.md.
 */

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
 * Every method rejects with a {@link NetlinkError}; dumps that the kernel reports as torn are repeated.
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

export type Family = 'inet' | 'inet6';

/** What {@link Link.addrGenMode} can be; `none`: no IPv6 link-local address by itself. */
export type AddrGenMode = 'eui64' | 'none' | 'stable-privacy' | 'random';

export interface Link {
  ifindex: number;
  name: string;
  /** `veth`, `bridge`, ...; absent for hardware and `lo`. */
  kind?: string;
  /** Lower case with colons; absent where the link has no address. */
  mac?: string;
  mtu: number;
  /** IFF_UP: set up, whether or not it has a carrier. */
  up: boolean;
  alias?: string;
  /** IFLA_LINK: the other end of a veth, the lower device of a vlan or vxlan. */
  peerIfindex?: number;
  /** Namespace of `peerIfindex`, if another; see {@link Netlink.nsid}. */
  peerNsid?: number;
  /** ifindex of the bridge or other device that it is a port of. */
  master?: number;
  /** ARPHRD_ number: 1 Ethernet, 772 loopback. */
  type: number;
  /** IFF_ bits. */
  flags: number;
  /** Absent where IPv6 is off. */
  addrGenMode?: AddrGenMode;
}

export interface Address {
  ifindex: number;
  address: string;
  prefixLength: number;
  /** Of a point-to-point address, the other end. */
  peer?: string;
  /** RT_SCOPE_ number: 0 universe, 253 link, 254 host. */
  scope: number;
  /** IFAPROT_ number; absent on kernels before 5.18 and where none is set. */
  protocol?: number;
  label?: string;
  /** IFA_F_ bits. */
  flags: number;
}

export interface Neighbor {
  family: Family;
  ifindex: number;
  address: string;
  mac?: string;
  /** NUD_ bits. */
  state: number;
  permanent: boolean;
  /** NTF_ bits. */
  flags: number;
}

export interface NextHop {
  oif: number;
  gateway?: string;
  /** From 1. */
  weight: number;
  onlink?: true;
}

export interface Route {
  family: Family;
  /** CIDR; the default route is `0.0.0.0/0` or `::/0`. */
  destination: string;
  table: number;
  /** RTPROT_ number: 2 kernel, 3 boot, 4 static. */
  protocol: number;
  /** RT_SCOPE_ number; 0 for IPv6. */
  scope: number;
  /** `unicast`, `local`, `broadcast`, `anycast`, `multicast`, `blackhole`, `unreachable`, `prohibit`, `throw`. */
  type: string;
  oif?: number;
  /** Of either family. */
  gateway?: string;
  /** Preferred source address. */
  source?: string;
  /** Metric; IPv6 routes always have one. */
  priority?: number;
  mtu?: number;
  onlink?: true;
  /** Of a multipath route, which has no `oif` or `gateway` of its own. */
  nextHops?: NextHop[];
}

export interface Rule {
  family: Family;
  priority: number;
  /** 0 where the action looks up no table. */
  table: number;
  /** RTPROT_ number of who made it. */
  protocol: number;
  fwmark?: number;
  fwmask?: number;
  /** Names, which need not exist (yet). */
  iif?: string;
  oif?: string;
  /** CIDR. */
  source?: string;
  destination?: string;
  /** `to-table`, `goto`, `nop`, `blackhole`, `unreachable` or `prohibit`. */
  action: string;
  /** Priority of the rule that a `goto` continues at. */
  goto?: number;
  /** The rule holds for what does not match. */
  invert?: true;
}

export interface Qdisc {
  ifindex: number;
  kind: string;
  /** Major and minor, 16 bits each. */
  handle: number;
  parent: number;
  ingressBlock?: number;
  egressBlock?: number;
}

export interface Filter {
  /** Name of the classifier: `bpf`, `flower`, ... */
  kind: string;
  priority: number;
  handle: number;
  /** EtherType; 3 is all. */
  protocol: number;
  chain: number;
  /**
   * Of a `bpf` filter: the loaded program's id and tag (16 hex digits), and the name given with the filter.
   * Absent for classic BPF.
   */
  bpf?: { id: number; tag: string; name: string; directAction: boolean };
}

/** A shared block, or a place on one device (`parent` 0xfffffff2 is clsact ingress, 0xfffffff3 egress). */
export type FilterTarget =
  | { block: number; ifindex?: undefined; parent?: undefined }
  | { block?: undefined; ifindex: number; parent: number };

export type Operation =
  | LinkAdd
  | LinkSet
  | LinkDelete
  | AddressOperation
  | NeighborOperation
  | RouteOperation
  | RuleOperation
  | ClsactAdd
  | QdiscDelete
  | FilterWrite
  | FilterDelete;

/**
 * EEXIST if the name or the ifindex is taken. The kernel takes an alias and an address generation mode
 * only after it made the link, so these follow in messages of their own; if one of them
 * fails, the link is deleted again.
 */
export interface LinkAdd {
  op: 'link-add';
  name: string;
  /** `veth`, `dummy`, `bridge`, `vxlan`, ...: EOPNOTSUPP if the kernel has no such driver. */
  kind: string;
  /** Default: the kernel chooses. */
  ifindex?: number;
  /** Default: random. */
  mac?: string;
  mtu?: number;
  /** Default: false. */
  up?: boolean;
  alias?: string;
  /** Set before the link comes up. */
  addrGenMode?: AddrGenMode;
  /** Path of the namespace to make it in; default: the socket's. */
  netns?: string;
  /** ifindex of the bridge to become a port of. */
  master?: number;
  /** ifindex of the lower device (vlan, macvlan). */
  link?: number;
  /** For kind `veth`. */
  peer?: LinkPeer;
  /** For kind `vxlan`. */
  vxlan?: VxlanOptions;
}

/** The other end of a veth. */
export interface LinkPeer {
  name: string;
  /** Path of the namespace to make it in; default: the socket's. */
  netns?: string;
  ifindex?: number;
  mac?: string;
  mtu?: number;
  up?: boolean;
  alias?: string;
  addrGenMode?: AddrGenMode;
}

export interface VxlanOptions {
  /** VNI; leave out with `external`. */
  id?: number;
  /** UDP port; default: the kernel's, 8472. */
  port?: number;
  /** Source address of tunnel packets. */
  local?: string;
  /** ifindex of the device that tunnel packets leave by. */
  link?: number;
  /** Learn addresses from packets; default: true. */
  learning?: boolean;
  /** Tunnel data comes with each packet (from BPF, for example). */
  external?: boolean;
}

export interface LinkSet {
  op: 'link-set';
  ifindex: number;
  up?: boolean | undefined;
  mac?: string | undefined;
  mtu?: number | undefined;
  /** '' removes it. */
  alias?: string | undefined;
  /** The new name. */
  name?: string | undefined;
  addrGenMode?: AddrGenMode | undefined;
  /** ifindex of the device to become a port of; 0: of none. */
  master?: number | undefined;
  /** Path of the namespace to move to. */
  netns?: string | undefined;
}

export interface LinkDelete {
  op: 'link-delete';
  ifindex: number;
}

export interface AddressOperation {
  op: 'address-add' | 'address-delete';
  ifindex: number;
  address: string;
  prefixLength: number;
  /** No duplicate address detection: an IPv6 address can be used at once. */
  noDad?: boolean;
  /** No route for the prefix. */
  noPrefixRoute?: boolean;
  /** IFAPROT_ number. */
  protocol?: number;
  /** RT_SCOPE_ number; default: host for 127/8, else universe. */
  scope?: number;
  /** IPv4 only; default: the link's name. */
  label?: string;
}

export interface NeighborOperation {
  op: 'neighbor-replace' | 'neighbor-delete';
  ifindex: number;
  address: string;
  mac?: string;
  /** Default: true. Otherwise the entry is reachable now, and ages. */
  permanent?: boolean;
}

/** A deletion takes the first route that agrees in all that is given. */
export interface RouteOperation {
  op: 'route-add' | 'route-replace' | 'route-delete';
  route: {
    /** CIDR, either family. */
    destination: string;
    /** Default: 254, main. */
    table?: number;
    /** Default: 3, boot; any in a deletion. */
    protocol?: number;
    /** Default: as ip(8) has it: link without a gateway, host for `local`, else universe. */
    scope?: number;
    /** Default: unicast. */
    type?: string;
    oif?: number;
    /** Of either family. */
    gateway?: string;
    source?: string;
    priority?: number;
    mtu?: number;
    /** The gateway is reachable by `oif` whatever the routes say. */
    onlink?: boolean;
  };
}

/** `action` defaults to `to-table`. A deletion takes the first rule that agrees in all that is given. */
export interface RuleOperation {
  op: 'rule-add' | 'rule-delete';
  rule: Partial<Rule> & { family: Family };
}

/** A clsact qdisc; block numbers make its two hooks share the filters of other devices. */
export interface ClsactAdd {
  op: 'clsact-add';
  ifindex: number;
  ingressBlock?: number;
  egressBlock?: number;
}

export interface QdiscDelete {
  op: 'qdisc-delete';
  ifindex: number;
  /** 0xfffffff1 for clsact, 0xffffffff for the root. */
  parent: number;
}

/**
 * A bpf filter for all protocols. `filter-replace` swaps the program of an existing one at once;
 * `filter-add` fails with EEXIST. EINVAL when no device has the block.
 */
export type FilterWrite = FilterTarget & {
  op: 'filter-replace' | 'filter-add';
  priority: number;
  handle: number;
  chain?: number;
  /** The program: a file descriptor, or the path of a pin. `name` is free text. */
  bpf: { name: string; directAction: boolean } & (
    { fd: number; pinned?: undefined } | { fd?: undefined; pinned: string }
  );
};

export type FilterDelete = FilterTarget & {
  op: 'filter-delete';
  priority: number;
  handle: number;
  chain?: number;
};

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

/** Names in /run/netns that have a namespace behind them, sorted. */
export function netnsList(): string[];

/**
 * Inode of a namespace: its identity while it lives.
 * @param path default: the namespace of this process
 */
export function netnsId(path?: string): bigint;
