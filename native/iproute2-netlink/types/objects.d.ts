/** What a namespace holds, as {@link Netlink} reads it. A field that the kernel does not state is absent. */

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
  /** Of kind `vxlan`: its UDP port, and whether each packet says where it goes. */
  vxlan?: { port: number; external: boolean };
  /** Numbers of the XDP programs that it runs; absent for none. */
  xdp?: number[];
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
