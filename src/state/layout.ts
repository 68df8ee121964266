import { f, runtime, type MapLayout } from './field.js';
import { REPORT_MAPS } from './layout-reports.js';
import { SERVICE_MAPS } from './layout-services.js';

/**
 * The shape of every BPF map, the one place that user space and the datapath agree on.
 * bpf/include/layout*.h state the same structs in C; a test compares sizes, offsets and numbers through BTF.
 * Integers are little-endian (the host's order); `be16` is network order; `addr` is 16 bytes, IPv4 mapped.
 */

/** Kernel ifindex of the first endpoint device; `plumb_devices` is indexed by ifindex minus this. */
export const IFINDEX_BASE = 65_536;

/** tc shared block numbers: one filter serves every endpoint device. */
export const INGRESS_BLOCK = 0x706c01;
export const EGRESS_BLOCK = 0x706c02;

/** rtnetlink protocol number of our routes and rules. */
export const ROUTE_PROTOCOL = 80;

export const DIRECTION = { ingress: 0, egress: 1 } as const;
export type Direction = keyof typeof DIRECTION;

/** Endpoint flags in plumb_devices and plumb_endpoints. */
export const ENDPOINT_AUDIT = 1;

/** Flag of a row of plumb_ipcache that was learned from the DNS: it is no part of a State. */
export const PEER_DYNAMIC = 1;

/** Flags in plumb_config. */
export const CONFIG_ALLOW_LOCALHOST = 1;
/** Events carry the packet's first bytes. */
export const CONFIG_EVENT_BYTES = 2;
/** A flow that is opened, or judged again after a change, is told too. */
export const CONFIG_EVENT_ALLOWED = 4;

/** Verdict of a table entry. 0 never stands in a map, so that a zeroed value denies. */
export const VERDICT = { deny: 1, allow: 2, redirect: 3 } as const;

/** Flag of a table entry that denies because no rule allows, not because one denies. */
export const ENTRY_DEFAULT = 1;
/** Flag of a table entry that denies and is only audited: the packet passes, and is told of. */
export const ENTRY_AUDIT = 2;

/** Flag beside the listener of a flow: it is its opener's egress policy that asks for it. */
export const LISTENER_EGRESS = 0x4000_0000;

/** In plumb_listeners, beside a listener's id: its socket for UDP. */
export const LISTENER_UDP = 0x8000_0000;

/** In plumb_listeners, beside a listener's id: the socket of HAProxy's second thread (mode socket). */
export const LISTENER_SECOND = 0x4000_0000;

/** MAC of both ends of every way to the proxy: nobody else is on it. */
export const PROXY_MAC = '02:70:6c:75:6d:62';

export const MAPS = {
  plumb_config: {
    name: 'plumb_config',
    type: 'array',
    keyStruct: '__u32',
    valueStruct: 'plumb_config',
    key: [f('index', 'u32')],
    value: [
      // generation << 1 | active buffer: one aligned 4-byte write commits a policy for the whole node
      runtime('epoch', 'u32'),
      f('flags', 'u32'),
      // 0: no policy is about the node itself
      f('hostPolicySet', 'u32'),
      f('tunnelDevice', 'ifname'),
      f('tunnelPort', 'be16'),
      f('pad', 'u16'),
      // the ways to the proxy, by whose policy filters
      f('proxyEgress', 'ifname'),
      f('proxyIngress', 'ifname'),
      // PROXY_MODE in proxy-names.ts
      f('proxyMode', 'u32'),
    ],
    maxEntries: 1,
  },
  plumb_endpoints: {
    name: 'plumb_endpoints',
    type: 'hash',
    keyStruct: 'plumb_addr',
    valueStruct: 'plumb_endpoint',
    key: [f('address', 'addr')],
    value: [
      f('device', 'ifname'),
      f('identity', 'u32'),
      f('policySet', 'u32'),
      f('flags', 'u32'),
      f('mac', 'mac'),
      f('hostMac', 'mac'),
    ],
    maxEntries: 32_768,
  },
  plumb_devices: {
    name: 'plumb_devices',
    type: 'array',
    keyStruct: '__u32',
    valueStruct: 'plumb_device',
    // in the kernel: ifindex - IFINDEX_BASE
    key: [f('device', 'ifname')],
    value: [
      f('identity', 'u32'),
      f('policySet', 'u32'),
      f('flags', 'u32'),
      f('pad', 'u32'),
      f('address4', 'addr'),
      f('address6', 'addr'),
    ],
    maxEntries: 16_384,
  },
  plumb_ipcache: {
    name: 'plumb_ipcache',
    type: 'hash',
    keyStruct: 'plumb_addr',
    valueStruct: 'plumb_peer',
    key: [f('address', 'addr')],
    value: [f('identity', 'u32'), f('flags', 'u32'), f('tunnel', 'addr')],
    maxEntries: 512_000,
  },
  plumb_ipcache_lpm: {
    name: 'plumb_ipcache_lpm',
    type: 'lpm_trie',
    keyStruct: 'plumb_prefix',
    valueStruct: 'plumb_peer',
    key: [f('prefixLength', 'u32'), f('address', 'addr')],
    value: [f('identity', 'u32'), f('flags', 'u32'), f('tunnel', 'addr')],
    maxEntries: 512_000,
  },
  plumb_classes: {
    name: 'plumb_classes',
    type: 'hash',
    keyStruct: '__u32',
    valueStruct: '__u32',
    key: [f('identity', 'u32')],
    value: [f('class', 'u32')],
    maxEntries: 512_000,
  },
  plumb_heads: {
    name: 'plumb_heads',
    type: 'hash',
    keyStruct: 'plumb_head_key',
    valueStruct: '__u32',
    key: [runtime('buffer', 'u32'), f('policySet', 'u32')],
    value: [f('version', 'u32')],
    maxEntries: 65_536,
  },
  plumb_refs: {
    name: 'plumb_refs',
    type: 'hash',
    keyStruct: 'plumb_ref_key',
    valueStruct: '__u32',
    // class 0 is the default of (version, direction)
    key: [f('version', 'u32'), f('direction', 'u32'), f('class', 'u32')],
    value: [f('table', 'u32')],
    maxEntries: 262_144,
    groupBy: 'version',
  },
  plumb_tables: {
    name: 'plumb_tables',
    type: 'lpm_trie',
    keyStruct: 'plumb_table_key',
    valueStruct: 'plumb_verdict',
    // prefixLength: 32 = any protocol; 48 = one protocol, any port; 48 + n = a port prefix of n bits.
    // ICMP puts (type << 8 | code) into port.
    key: [
      f('prefixLength', 'u32'),
      f('table', 'u32'),
      f('protocol', 'u8'),
      f('pad', 'u8'),
      f('port', 'be16'),
    ],
    value: [f('verdict', 'u8'), f('flags', 'u8'), f('pad', 'u16'), f('listener', 'u32')],
    maxEntries: 262_144,
    groupBy: 'table',
  },
  plumb_conntrack: {
    name: 'plumb_conntrack',
    type: 'lru_hash',
    keyStruct: 'plumb_tuple',
    valueStruct: 'plumb_flow',
    // canonical order, so that both directions of a flow find one entry:
    // (addressA, portA) <= (addressB, portB) as bytes
    key: [
      f('addressA', 'addr'),
      f('addressB', 'addr'),
      f('portA', 'be16'),
      f('portB', 'be16'),
      f('protocol', 'u8'),
      // 0: a client; 1, 2: the proxy in its name, behind the filter of egress or ingress
      f('opener', 'u8'),
      f('pad', 'u16'),
    ],
    value: [
      f('epoch', 'u32'),
      // seconds of CLOCK_MONOTONIC
      f('expires', 'u32'),
      f('verdict', 'u8'),
      f('state', 'u8'),
      // 1: the flow was opened by side B
      f('fromB', 'u8'),
      f('flags', 'u8'),
      f('listener', 'u32'),
      // back-end of a flow to a service, or service of a flow to a back-end
      f('natAddress', 'addr'),
      f('natPort', 'be16'),
      f('pad', 'u16'),
    ],
    maxEntries: 524_288,
    dynamic: true,
  },
  plumb_listeners: {
    name: 'plumb_listeners',
    type: 'sockhash',
    keyStruct: '__u32',
    valueStruct: '__u64',
    key: [f('listener', 'u32')],
    // written as a file descriptor, read as the socket's cookie
    value: [f('socket', 'u64')],
    maxEntries: 65_536,
    dynamic: true,
  },
  plumb_redirects: {
    name: 'plumb_redirects',
    type: 'lru_hash',
    keyStruct: 'plumb_redirect_key',
    valueStruct: 'plumb_redirect',
    key: [
      f('client', 'addr'),
      f('server', 'addr'),
      f('clientPort', 'be16'),
      // the listener's
      f('port', 'be16'),
      f('protocol', 'u8'),
      f('pad0', 'u8'),
      f('pad1', 'u16'),
    ],
    // that the client asked for
    value: [f('port', 'be16')],
    maxEntries: 65_536,
    dynamic: true,
  },
  plumb_fragments: {
    name: 'plumb_fragments',
    type: 'lru_hash',
    keyStruct: 'plumb_fragment_key',
    valueStruct: 'plumb_fragment',
    key: [
      f('source', 'addr'),
      f('destination', 'addr'),
      f('id', 'u32'),
      f('protocol', 'u8'),
      f('pad0', 'u8'),
      f('pad1', 'u16'),
    ],
    value: [
      // seconds of CLOCK_MONOTONIC
      f('expires', 'u32'),
      f('sourcePort', 'be16'),
      f('destinationPort', 'be16'),
      f('policyPort', 'be16'),
      f('hasFlow', 'u8'),
      f('pad', 'u8'),
    ],
    maxEntries: 8192,
    dynamic: true,
  },
  ...SERVICE_MAPS,
  ...REPORT_MAPS,
} as const satisfies Record<string, MapLayout>;

export type MapName = keyof typeof MAPS;

/** Why a packet was dropped (or, for `forwarded`, that it was not). Numbers are in bpf/include/reasons.h too. */
export const REASONS = {
  forwarded: 0,
  'policy-denied': 1,
  'policy-default-deny': 2,
  'no-policy': 3,
  'no-class': 4,
  'no-identity': 5,
  'no-device': 6,
  'spoofed-source': 7,
  'unsupported-ethertype': 8,
  'unsupported-protocol': 9,
  malformed: 10,
  fragment: 11,
  'extension-header': 12,
  'no-endpoint': 13,
  'proxy-unavailable': 14,
  'conntrack-full': 15,
  'unsupported-multicast': 16,
  'no-service': 17,
  'no-backend': 18,
  'untrusted-tunnel': 19,
  'tunnel-failed': 20,
  'rewrite-failed': 21,
  'neighbor-query': 22,
  'no-route': 23,
} as const;
export type Reason = keyof typeof REASONS;
