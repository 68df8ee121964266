import { f, type MapLayout } from './field.js';

/** What the datapath tells of itself: one record a packet that is told of, and counters. */

/** Places in the datapath that judge packets, as numbered in events; names are those of the programs. */
export const PROGRAM = {
  from_endpoint: 0,
  to_endpoint: 1,
  from_host: 2,
  from_tunnel: 3,
  from_uplink: 4,
  to_uplink: 5,
  from_egress_proxy: 6,
  from_ingress_proxy: 7,
  from_proxy_socket: 8,
} as const;
export type ProgramName = keyof typeof PROGRAM;

/** Indexes of plumb_counters. */
export const COUNTER = {
  /** Records that the ring buffer had no room for. */
  'events-lost': 0,
  /** Packets that plumb_metrics had no room for. */
  'packets-uncounted': 1,
  /** Entries that conntrack got; less those removed and those present, it evicted the rest. */
  'flows-opened': 2,
  'flows-removed': 3,
} as const;
export type CounterName = keyof typeof COUNTER;

/** Most bytes of a packet that follow its event. */
export const EVENT_BYTES = 96;

export const REPORT_MAPS = {
  plumb_events: {
    name: 'plumb_events',
    type: 'ringbuf',
    keyStruct: 'void',
    valueStruct: 'plumb_event',
    key: [],
    value: [
      f('time', 'u64'),
      f('verdict', 'u8'),
      f('reason', 'u8'),
      f('direction', 'u8'),
      f('protocol', 'u8'),
      f('sourcePort', 'be16'),
      f('destinationPort', 'be16'),
      f('source', 'addr'),
      f('destination', 'addr'),
      f('sourceIdentity', 'u32'),
      f('destinationIdentity', 'u32'),
      f('policySet', 'u32'),
      f('version', 'u32'),
      f('class', 'u32'),
      f('table', 'u32'),
      f('ifindex', 'u32'),
      f('length', 'u32'),
      // bytes of the packet that follow
      f('captured', 'u16'),
      f('program', 'u8'),
      // 1: judged as the packet's flow is, from its opener's side
      f('isReply', 'u8'),
      f('pad', 'u32'),
    ],
    maxEntries: 1 << 20,
    dynamic: true,
  },
  plumb_metrics: {
    name: 'plumb_metrics',
    type: 'percpu_hash',
    keyStruct: 'plumb_metric_key',
    valueStruct: 'plumb_metric',
    // version and class 0: no policy was asked; protocol and port 0: none was, or no rule spoke.
    // Verdict 0: what the other side said of a packet that another row counts; only of use for rules.
    key: [
      f('version', 'u32'),
      f('class', 'u32'),
      f('port', 'be16'),
      f('protocol', 'u8'),
      f('reason', 'u8'),
      f('direction', 'u8'),
      f('verdict', 'u8'),
      f('pad', 'u16'),
    ],
    value: [f('packets', 'u64'), f('bytes', 'u64')],
    maxEntries: 65_536,
    dynamic: true,
  },
  plumb_counters: {
    name: 'plumb_counters',
    type: 'percpu_array',
    keyStruct: '__u32',
    valueStruct: 'plumb_counter',
    key: [f('index', 'u32')],
    value: [f('count', 'u64')],
    maxEntries: 4,
    dynamic: true,
  },
} as const satisfies Record<string, MapLayout>;
