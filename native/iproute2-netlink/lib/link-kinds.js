import { familyNumber, parseIp, parseMac } from './ip.js';

/** @import { LinkAdd, LinkPeer, VxlanOptions } from '../index.js' */
/** @import { Descriptors } from './descriptors.js' */
/** @import { Writer } from './writer.js' */

export const IFLA_ADDRESS = 1;
export const IFLA_IFNAME = 3;
export const IFLA_MTU = 4;
export const IFLA_NET_NS_FD = 28;
export const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const VXLAN = {
  id: 1,
  link: 3,
  local: 4,
  learning: 7,
  port: 15,
  local6: 17,
  collectMetadata: 25,
};

/**
 * struct ifinfomsg.
 * @param {Writer} w @param {number} ifindex @param {number} flags @param {number} change which flags are meant
 */
export function writeLinkHeader(w, ifindex, flags, change) {
  w.u8(0).u8(0).u16(0).u32(ifindex).u32(flags).u32(change);
}

/**
 * IFLA_INFO_DATA of the kinds that have any.
 * @param {Writer} w @param {LinkAdd} op @param {Descriptors} descriptors
 */
export function writeLinkData(w, op, descriptors) {
  const { peer, vxlan } = op;
  if (peer !== undefined) {
    w.nested(IFLA_INFO_DATA, () => w.nested(VETH_INFO_PEER, () => writePeer(w, peer, descriptors)));
  } else if (vxlan !== undefined) {
    w.nested(IFLA_INFO_DATA, () => writeVxlan(w, vxlan));
  }
}

/** @param {Writer} w @param {LinkPeer} peer @param {Descriptors} descriptors */
function writePeer(w, peer, descriptors) {
  writeLinkHeader(w, peer.ifindex ?? 0, 0, 0);
  w.attributeText(IFLA_IFNAME, peer.name);
  if (peer.mac !== undefined) w.attributeBytes(IFLA_ADDRESS, parseMac(peer.mac));
  w.attributeU32(IFLA_MTU, peer.mtu);
  if (peer.netns !== undefined) w.attributeU32(IFLA_NET_NS_FD, descriptors.file(peer.netns));
}

/** @param {Writer} w @param {VxlanOptions} vxlan */
function writeVxlan(w, vxlan) {
  const { port, local } = vxlan;
  w.attributeU32(VXLAN.id, vxlan.id);
  w.attributeU32(VXLAN.link, vxlan.link);
  if (local !== undefined) {
    const { family, bytes } = parseIp(local);
    w.attributeBytes(familyNumber(family) === 2 ? VXLAN.local : VXLAN.local6, bytes);
  }
  if (port !== undefined)
    w.attribute(VXLAN.port, () => w.raw(Buffer.from([port >> 8, port & 0xff])));
  if (vxlan.learning !== undefined) w.attributeU8(VXLAN.learning, vxlan.learning ? 1 : 0);
  if (vxlan.external !== undefined) w.attributeU8(VXLAN.collectMetadata, vxlan.external ? 1 : 0);
}

/** @param {import('./reader.js').Attributes | undefined} data IFLA_INFO_DATA of a vxlan */
export function readVxlan(data) {
  const port = data?.bytes(VXLAN.port);
  return { port: port?.readUInt16BE() ?? 0, external: data?.u8(VXLAN.collectMetadata) === 1 };
}
