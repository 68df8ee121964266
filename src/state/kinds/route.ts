import { canonicalAddress, canonicalPrefix } from '../address.js';
import type { Kind } from '../kind.js';

/** Routing table that a plain `ip route` shows. */
export const MAIN_TABLE = 254;

export const route: Kind<'route'> = {
  name: 'route',
  keyOf: ({ netns, destination, device, gateway, table, type }) =>
    (netns === undefined ? '' : `${netns}:`) +
    (type === undefined ? '' : `${type} `) +
    canonicalPrefix(destination) +
    (gateway === undefined ? ` dev ${device}` : ` via ${canonicalAddress(gateway)}`) +
    (table === MAIN_TABLE ? '' : ` table ${table}`),
  normalize: ({ netns, destination, device, gateway, source, table, type }) => ({
    ...(netns === undefined ? {} : { netns }),
    destination: canonicalPrefix(destination),
    device,
    ...(gateway === undefined ? {} : { gateway: canonicalAddress(gateway) }),
    ...(source === undefined ? {} : { source: canonicalAddress(source) }),
    table,
    ...(type === undefined ? {} : { type }),
  }),
  changeFor: () => 'update',
  slot: ({ netns, destination, table }) =>
    `${netns ?? ''}:${canonicalPrefix(destination)} ${table}`,
};
