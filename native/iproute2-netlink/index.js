export { DatagramSocket } from './lib/datagram.js';
export { NetlinkError } from './lib/error.js';
export { Netlink } from './lib/netlink.js';
export {
  netnsCreate,
  netnsDelete,
  netnsId,
  netnsList,
  netnsRead,
  netnsSweep,
  netnsWrite,
} from './lib/netns.js';
export { nft } from './lib/nft.js';
export { transparentConnect, transparentSocket } from './lib/transparent.js';
