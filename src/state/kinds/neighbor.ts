import { canonicalAddress } from '../address.js';
import { canonicalMac, place, type Kind } from '../kind.js';

/** A permanent neighbor: no ARP or ND is ever needed. */
export const neighbor: Kind<'neighbor'> = {
  name: 'neighbor',
  keyOf: ({ netns, device, address }) => `${place(netns, device)}/${canonicalAddress(address)}`,
  normalize: ({ netns, device, address, mac }) => ({
    ...(netns === undefined ? {} : { netns }),
    device,
    address: canonicalAddress(address),
    mac: canonicalMac(mac),
  }),
  changeFor: () => 'update',
};
