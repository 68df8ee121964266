export { NetlinkError } from './lib/error.js';
export { Netlink } from './lib/netlink.js';
export { netnsCreate, netnsDelete, netnsId, netnsList, netnsRead } from './lib/netns.js';
export { nft } from './lib/nft.js';
export { transparentSocket } from './lib/transparent.js';
