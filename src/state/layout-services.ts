import { f, type MapLayout } from './field.js';

/** Flag of a service whose back-end is chosen by a hash of the flow, the same on every node. */
export const SERVICE_MAGLEV = 1;

/** Scope of a service's row for what comes from outside the node; 0: for all else, and where no other is. */
export const SCOPE_OUTSIDE = 1;

/** Maps of services; see layout.ts. */
export const SERVICE_MAPS = {
  plumb_services: {
    name: 'plumb_services',
    type: 'hash',
    keyStruct: 'plumb_service_key',
    valueStruct: 'plumb_service',
    // port and protocol 0: that the address is a service's, so that its other ports are nobody's
    key: [f('address', 'addr'), f('port', 'be16'), f('protocol', 'u8'), f('scope', 'u8')],
    value: [
      f('id', 'u32'),
      // one write of this row moves the service to another set of back-ends
      f('set', 'u32'),
      f('slots', 'u32'),
      f('flags', 'u32'),
      // seconds that a client stays with its back-end; 0: none
      f('affinity', 'u32'),
    ],
    maxEntries: 65_536,
  },
  plumb_backends: {
    name: 'plumb_backends',
    type: 'hash',
    keyStruct: 'plumb_backend_key',
    valueStruct: 'plumb_backend',
    key: [f('set', 'u32'), f('slot', 'u32')],
    value: [f('address', 'addr'), f('port', 'be16'), f('pad', 'u16')],
    maxEntries: 1_048_576,
    groupBy: 'set',
  },
  plumb_members: {
    name: 'plumb_members',
    type: 'hash',
    keyStruct: 'plumb_member_key',
    valueStruct: '__u32',
    // which back-ends a set has, those that drain included
    key: [f('set', 'u32'), f('address', 'addr'), f('port', 'be16'), f('pad', 'u16')],
    value: [f('flags', 'u32')],
    maxEntries: 262_144,
    groupBy: 'set',
  },
  plumb_affinity: {
    name: 'plumb_affinity',
    type: 'lru_hash',
    keyStruct: 'plumb_affinity_key',
    valueStruct: 'plumb_affinity',
    key: [f('service', 'u32'), f('client', 'addr')],
    value: [
      f('address', 'addr'),
      f('port', 'be16'),
      f('pad', 'u16'),
      // seconds of CLOCK_MONOTONIC
      f('expires', 'u32'),
    ],
    maxEntries: 65_536,
    dynamic: true,
  },
} as const satisfies Record<string, MapLayout>;
