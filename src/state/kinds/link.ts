import { canonicalMac, type Kind } from '../kind.js';

/** A link of the node's own namespace; the other end of a veth belongs to it. */
export const link: Kind<'link'> = {
  name: 'link',
  keyOf: ({ name }) => name,
  normalize: ({ name, type, mac, mtu, up, clsact, peer, vxlan }) => ({
    name,
    type,
    mac: canonicalMac(mac),
    mtu,
    up,
    ...(clsact === undefined ? {} : { clsact: { ...clsact } }),
    ...(peer === undefined ? {} : { peer: { ...peer, mac: canonicalMac(peer.mac) } }),
    ...(vxlan === undefined ? {} : { vxlan: { ...vxlan } }),
  }),
  // The type, where the other end lives, and a tunnel's port are fixed when a link is made.
  changeFor: (differs) =>
    differs.some((name) => /^(type|peer|vxlan)\b/.test(name)) ? 'replace' : 'update',
  slot: ({ peer }) => (peer === undefined ? undefined : `${peer.netns}:${peer.name}`),
};
