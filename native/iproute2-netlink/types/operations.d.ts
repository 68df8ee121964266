/** What {@link Netlink.batch} carries out. An option that is left out is not sent: the kernel's default holds. */

import type { AddrGenMode, Family, FilterTarget, Rule } from './objects.js';

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
