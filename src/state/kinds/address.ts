import { canonicalPrefix } from '../address.js';
import { place, type Kind } from '../kind.js';

export const address: Kind<'address'> = {
  name: 'address',
  keyOf: ({ netns, device, address }) => `${place(netns, device)}/${canonicalPrefix(address)}`,
  normalize: ({ netns, device, address }) => ({
    ...(netns === undefined ? {} : { netns }),
    device,
    address: canonicalPrefix(address),
  }),
  changeFor: () => 'replace',
};
