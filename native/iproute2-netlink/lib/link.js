import { AF_INET6, formatMac, parseMac } from './ip.js';
import {
  IFLA_ADDRESS,
  IFLA_INFO_DATA,
  IFLA_IFNAME,
  IFLA_MTU,
  IFLA_NET_NS_FD,
  readVxlan,
  writeLinkData,
  writeLinkHeader,
} from './link-kinds.js';
import { Attributes, compact } from './reader.js';
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL } from './writer.js';

/** @import { Link, LinkAdd, LinkDelete, LinkSet } from '../index.js' */
/** @import { Descriptors } from './descriptors.js' */
/** @import { Writer } from './writer.js' */

export const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
const RTM_SETLINK = 19;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_IFALIAS = 20;
const IFLA_AF_SPEC = 26;
const IFLA_EXT_MASK = 29;
const IFLA_LINK_NETNSID = 37;
const IFLA_XDP = 43;
/** One program; or one each for generic, driver and hardware mode. */
const IFLA_XDP_PROG_IDS = [4, 5, 6, 7];
const IFLA_INFO_KIND = 1;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const RTEXT_FILTER_SKIP_STATS = 8;
const IFF_UP = 1;

/** Names in the order of the kernel's IN6_ADDR_GEN_MODE_ numbers. */
const ADDR_GEN_MODES = /** @type {const} */ (['eui64', 'none', 'stable-privacy', 'random']);

/**
 * Makes the link; what a creation does not take ({@link writeLinkSet}) goes into messages after it.
 * @param {Writer} w @param {LinkAdd} op @param {Descriptors} descriptors
 * @param {boolean} up whether it comes up with this message
 */
export function writeLinkAdd(w, op, descriptors, up) {
  w.message(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, () => {
    writeLinkHeader(w, op.ifindex ?? 0, up ? IFF_UP : 0, up ? IFF_UP : 0);
    w.attributeText(IFLA_IFNAME, op.name);
    if (op.mac !== undefined) w.attributeBytes(IFLA_ADDRESS, parseMac(op.mac));
    w.attributeU32(IFLA_MTU, op.mtu);
    w.attributeU32(IFLA_LINK, op.link);
    w.attributeU32(IFLA_MASTER, op.master);
    if (op.netns !== undefined) w.attributeU32(IFLA_NET_NS_FD, descriptors.file(op.netns));
    w.nested(IFLA_LINKINFO, () => {
      w.attributeText(IFLA_INFO_KIND, op.kind);
      writeLinkData(w, op, descriptors);
    });
  });
}

/**
 * @param {Writer} w
 * @param {Omit<LinkSet, 'op' | 'ifindex'>} changes
 * @param {{ ifindex: number } | { name: string }} target with an ifindex, `changes.name` is the new name
 * @param {Descriptors} [descriptors] for `changes.netns`
 */
export function writeLinkSet(w, changes, target, descriptors) {
  const { up, mac, addrGenMode, netns } = changes;
  w.message(RTM_SETLINK, NLM_F_ACK, () => {
    const ifindex = 'ifindex' in target ? target.ifindex : 0;
    writeLinkHeader(w, ifindex, up === true ? IFF_UP : 0, up === undefined ? 0 : IFF_UP);
    w.attributeText(IFLA_IFNAME, 'name' in target ? target.name : changes.name);
    if (mac !== undefined) w.attributeBytes(IFLA_ADDRESS, parseMac(mac));
    w.attributeU32(IFLA_MTU, changes.mtu);
    w.attributeU32(IFLA_MASTER, changes.master);
    w.attributeText(IFLA_IFALIAS, changes.alias);
    if (netns !== undefined && descriptors) w.attributeU32(IFLA_NET_NS_FD, descriptors.file(netns));
    if (addrGenMode !== undefined) {
      w.nested(IFLA_AF_SPEC, () =>
        w.nested(AF_INET6, () =>
          w.attributeU8(IFLA_INET6_ADDR_GEN_MODE, ADDR_GEN_MODES.indexOf(addrGenMode)),
        ),
      );
    }
  });
}

/** @param {Writer} w @param {Pick<LinkDelete, 'ifindex'> | { name: string }} target */
export function writeLinkDelete(w, target) {
  w.message(RTM_DELLINK, NLM_F_ACK, () => {
    writeLinkHeader(w, 'ifindex' in target ? target.ifindex : 0, 0, 0);
    if ('name' in target) w.attributeText(IFLA_IFNAME, target.name);
  });
}

/** @param {Writer} w */
export function writeLinkDump(w) {
  writeLinkHeader(w, 0, 0, 0);
  w.attributeU32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

/** @param {Buffer} body @returns {Link} */
export function readLink(body) {
  const attributes = new Attributes(body, 16);
  const flags = body.readUInt32LE(8);
  const mac = attributes.bytes(IFLA_ADDRESS);
  const alias = attributes.text(IFLA_IFALIAS);
  const info = attributes.nest(IFLA_LINKINFO);
  const kind = info?.text(IFLA_INFO_KIND);
  const mode = attributes.nest(IFLA_AF_SPEC)?.nest(AF_INET6)?.u8(IFLA_INET6_ADDR_GEN_MODE);
  return compact({
    ifindex: body.readInt32LE(4),
    name: attributes.text(IFLA_IFNAME) ?? '',
    kind,
    mac: mac && mac.length > 0 ? formatMac(mac) : undefined,
    mtu: attributes.u32(IFLA_MTU) ?? 0,
    up: (flags & IFF_UP) !== 0,
    alias: alias === '' ? undefined : alias,
    // 0: the other end is of a namespace that went away
    peerIfindex: attributes.u32(IFLA_LINK) || undefined,
    peerNsid: attributes.i32(IFLA_LINK_NETNSID),
    master: attributes.u32(IFLA_MASTER),
    type: body.readUInt16LE(2),
    flags,
    xdp: readXdp(attributes.nest(IFLA_XDP)),
    addrGenMode: mode === undefined ? undefined : ADDR_GEN_MODES[mode],
    vxlan: kind === 'vxlan' ? readVxlan(info?.nest(IFLA_INFO_DATA)) : undefined,
  });
}

/** @param {Attributes | undefined} xdp */
function readXdp(xdp) {
  const ids = IFLA_XDP_PROG_IDS.map((type) => xdp?.u32(type) ?? 0).filter((id) => id !== 0);
  return ids.length > 0 ? [...new Set(ids)] : undefined;
}
