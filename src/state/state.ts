import type { Origin } from '../model/error.js';
import type { Json } from './canonical-json.js';
import type { MapName } from './layout.js';
import type { RedirectMode } from './proxy-names.js';

export type KindName =
  | 'netns'
  | 'link'
  | 'address'
  | 'neighbor'
  | 'route'
  | 'rule'
  | 'sysctl'
  | 'nft-table'
  | 'bpf-map'
  | 'bpf-program'
  | 'bpf-link'
  | 'proxy'
  | 'bpf-entries';

/** `netns` absent: the node's own namespace. */
export interface Attributes {
  netns: { readonly name: string };
  link: {
    readonly name: string;
    readonly type: 'veth' | 'dummy' | 'vxlan';
    readonly mac: string;
    readonly mtu: number;
    readonly up: boolean;
    /** Attached to the shared tc blocks by a clsact qdisc. */
    readonly clsact?: { readonly ingressBlock: number; readonly egressBlock: number };
    /** The other end of a veth, made in the same step. */
    readonly peer?: { readonly netns: string; readonly name: string; readonly mac: string };
    /** Of a vxlan, whose packets each say where they go: its UDP port. */
    readonly vxlan?: { readonly port: number };
  };
  address: { readonly netns?: string; readonly device: string; readonly address: string };
  neighbor: {
    readonly netns?: string;
    readonly device: string;
    readonly address: string;
    readonly mac: string;
  };
  route: {
    readonly netns?: string;
    /** CIDR, or `default` is written 0.0.0.0/0 or ::/0. */
    readonly destination: string;
    readonly device: string;
    readonly gateway?: string;
    readonly source?: string;
    readonly table: number;
    /** `local`: what it leads to is taken for the namespace's own. Absent: unicast. */
    readonly type?: 'local';
  };
  /** Of policy routing: packets that match all that is given are routed by a table. */
  rule: {
    readonly netns?: string;
    readonly family: 'inet' | 'inet6';
    readonly priority: number;
    readonly table: number;
    readonly iif?: string;
    readonly oif?: string;
    readonly fwmark?: number;
    readonly fwmask?: number;
  };
  /** A setting of one of our devices, or of one of our namespaces. */
  sysctl: {
    readonly netns?: string;
    /** As in sysctl(8), with slashes: `net/ipv4/conf/plumb_pe/rp_filter`. */
    readonly name: string;
    /** Fields separated by one space. */
    readonly value: string;
  };
  /** As a whole ours; see https://wiki.nftables.org for what chains and expressions say. */
  'nft-table': {
    readonly family: 'inet' | 'ip' | 'ip6';
    /** `plumb`, or begins with `plumb_`. */
    readonly name: string;
    readonly chains: readonly NftChain[];
    /** In the order in which a packet meets those of one chain. */
    readonly rules: readonly NftRule[];
  };
  'bpf-map': {
    readonly name: MapName;
    readonly type: string;
    readonly keySize: number;
    readonly valueSize: number;
    readonly maxEntries: number;
  };
  'bpf-program': {
    /** Name of the C function. */
    readonly name: string;
    /** First 16 hex digits of the SHA-256 of the object file; the loaded program carries it in .rodata. */
    readonly object: string;
    readonly features: Readonly<Record<string, boolean>>;
  };
  'bpf-link': TcBlockAttributes | TcxAttributes | SkLookupAttributes | CgroupAttributes;
  /** What filters traffic by rules of layer 7. */
  proxy: {
    /** PROXY_VERSION of what runs. */
    readonly version: number;
    /** How packets come to it. */
    readonly mode: RedirectMode;
    /** Name of its namespace; absent: the node's own. */
    readonly netns?: string;
    /** Directory of its processes below the root of cgroup v2; absent: it needs none. */
    readonly cgroup?: string;
    /** By id, ascending. */
    readonly listeners: readonly ListenerSpec[];
    /** Whether everything that listeners need runs. */
    readonly running: boolean;
    /** Who is behind names that policies ask for; absent where none does. */
    readonly names?: NamesSpec;
  };
}

/** What tells which class an address of a name is of. */
export interface NamesSpec {
  readonly selectors: readonly { readonly matchName?: string; readonly matchPattern?: string }[];
  readonly prefixes: readonly { readonly prefix: string; readonly identity: number }[];
  /** By the canonical text of an address's labels. */
  readonly classes: Readonly<Record<string, number>>;
}

/** A listener as the proxy is told of it: without the lines that ask for it. */
export interface ListenerSpec {
  readonly id: number;
  readonly protocol: 'http' | 'dns' | 'tls' | 'plugin';
  readonly direction: 'ingress' | 'egress';
  /** Of a protocol plug-in: its name. */
  readonly plugin?: string;
  readonly denyBody?: string;
  /** That its sockets are bound to; absent: any will do. */
  readonly port?: number;
  /** In the order of the listener. */
  readonly rules: readonly Json[];
}

/** A base chain, in the words of nft's JSON. */
export interface NftChain {
  readonly name: string;
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: string;
  readonly prio: number;
  readonly policy: 'accept' | 'drop';
}

export interface NftRule {
  readonly chain: string;
  /** As libnftables-json(5) has it. */
  readonly expr: readonly Json[];
}

/** One filter on a shared block serves every device that is bound to it. */
export interface TcBlockAttributes {
  readonly attach: 'tc-block';
  readonly block: number;
  /** Name of the bpf-program; in a state that was read, `?<tag>` for one that is not the pinned one. */
  readonly program: string;
}

/** On one device beside whatever others attach (Linux 6.6). */
export interface TcxAttributes {
  readonly attach: 'tcx';
  readonly device: string;
  readonly direction: 'ingress' | 'egress';
  /** As of a block. */
  readonly program: string;
}

/** For the sockets of a cgroup's processes. */
export interface CgroupAttributes {
  readonly attach: 'cgroup';
  /** Directory below the root of cgroup v2; made where there is none. */
  readonly cgroup: string;
  readonly program: string;
}

/** What listening socket a packet reaches in a namespace of ours. */
export interface SkLookupAttributes {
  readonly attach: 'sk-lookup';
  readonly netns: string;
  /** As of a block. */
  readonly program: string;
}

/**
 * Entries of a map as sorted fixed-width columns in state form (see layout.ts: `ifname` is 16 bytes,
 * `runtime` fields are zero). `keys` is `count` keys of the map's state key size, ascending as bytes,
 * without duplicates; `values` are in the order of the keys.
 */
export interface Columns {
  readonly count: number;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
}

export interface PlainResource<K extends Exclude<KindName, 'bpf-entries'>> {
  readonly kind: K;
  /** Unique within its kind, stable, readable; made by the kind's file in src/state/kinds/. */
  readonly key: string;
  readonly attributes: Attributes[K];
  readonly origin?: Origin;
  /** Why attributes are as they are, by dotted name, for readers; never compared. */
  readonly notes?: Readonly<Record<string, string>>;
}

export interface EntriesResource {
  readonly kind: 'bpf-entries';
  /** `<map>` or, for a map with groupBy, `<map>/<group as 8 hex digits>`. */
  readonly key: string;
  readonly map: MapName;
  readonly columns: Columns;
  readonly origin?: Origin;
  /** Origin of each row where it differs from the resource's, in the order of the keys. */
  readonly rowOrigins?: readonly (Origin | undefined)[];
  /** What a reader should see instead of a hash, for example the policy set's selector. */
  readonly label?: string;
}

export type Resource =
  | { [K in Exclude<KindName, 'bpf-entries'>]: PlainResource<K> }[Exclude<KindName, 'bpf-entries'>]
  | EntriesResource;

/** One shape whether synthesized, read from a kernel, or loaded from a snapshot file. */
export interface State {
  readonly version: 1;
  readonly node: string;
  /** Sorted by kind, then key, as code points. */
  readonly resources: readonly Resource[];
  /**
   * Only in a state that was read: keys of bpf-entries resources that belong to the policy before the
   * current one, kept for undo until the next commit; not drift. Its heads are `plumb_heads/previous`.
   */
  readonly previous?: readonly string[];
}
