import { invalid } from './error.js';
import {
  AF_INET,
  AF_INET6,
  familyName,
  familyNumber,
  formatCidr,
  formatIp,
  parseCidr,
  parseIp,
} from './ip.js';
import { Attributes, compact } from './reader.js';
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from './writer.js';

/** @import { NextHop, Route, RouteOperation } from '../index.js' */
/** @import { Family } from './ip.js' */
/** @import { Writer } from './writer.js' */

export const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_METRICS = 8;
const RTA_MULTIPATH = 9;
const RTA_TABLE = 15;
const RTA_VIA = 18;
const RTAX_MTU = 2;
const RTNH_F_ONLINK = 4;
const RTPROT_BOOT = 3;
const RT_TABLE_MAIN = 254;
const RT_TABLE_COMPAT = 252;
const SCOPE = { universe: 0, link: 253, host: 254, nowhere: 255 };

/** Names in the order of the kernel's RTN_ numbers. */
const TYPES = [
  'unspec',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
  'xresolve',
];

const FLAGS = {
  'route-add': NLM_F_CREATE | NLM_F_EXCL,
  'route-replace': NLM_F_CREATE | NLM_F_REPLACE,
  'route-delete': 0,
};

/** @param {Writer} w @param {RouteOperation} op */
export function writeRoute(w, { op, route }) {
  const { family, bytes, length } = parseCidr(route.destination);
  const table = route.table ?? RT_TABLE_MAIN;
  const remove = op === 'route-delete';
  const type = TYPES.indexOf(route.type ?? (remove ? 'unspec' : 'unicast'));
  if (type < 0) throw invalid(`no route type: ${route.type}`);
  w.message(remove ? RTM_DELROUTE : RTM_NEWROUTE, NLM_F_ACK | FLAGS[op], () => {
    w.u8(familyNumber(family)).u8(length).u8(0).u8(0);
    w.u8(table < 256 ? table : RT_TABLE_COMPAT).u8(route.protocol ?? (remove ? 0 : RTPROT_BOOT));
    w.u8(route.scope ?? (remove ? SCOPE.nowhere : defaultScope(route, family))).u8(type);
    w.u32(route.onlink ? RTNH_F_ONLINK : 0);
    if (length > 0) w.attributeBytes(RTA_DST, bytes);
    w.attributeU32(RTA_TABLE, table);
    w.attributeU32(RTA_OIF, route.oif);
    w.attributeU32(RTA_PRIORITY, route.priority);
    if (route.gateway !== undefined) writeGateway(w, family, route.gateway);
    if (route.source !== undefined) w.attributeBytes(RTA_PREFSRC, parseIp(route.source).bytes);
    const { mtu } = route;
    if (mtu !== undefined) w.nested(RTA_METRICS, () => w.attributeU32(RTAX_MTU, mtu));
  });
}

/**
 * As ip(8) chooses it: IPv6 has none, and IPv4 wants to know how far the next hop may be.
 * @param {RouteOperation['route']} route @param {Family} family
 */
function defaultScope(route, family) {
  if (family === 'inet6') return SCOPE.universe;
  const type = route.type ?? 'unicast';
  if (type === 'local' || type === 'nat') return SCOPE.host;
  if (type === 'broadcast' || type === 'multicast' || type === 'anycast') return SCOPE.link;
  return type === 'unicast' && route.gateway === undefined ? SCOPE.link : SCOPE.universe;
}

/** @param {Writer} w @param {Family} family of the destination @param {string} gateway */
function writeGateway(w, family, gateway) {
  const via = parseIp(gateway);
  if (via.family === family) return w.attributeBytes(RTA_GATEWAY, via.bytes);
  return w.attribute(RTA_VIA, () => w.u16(familyNumber(via.family)).raw(via.bytes));
}

/** @param {Writer} w @param {number} family */
export function writeRouteDump(w, family) {
  w.u8(family).u8(0).u8(0).u8(0).u8(0).u8(0).u8(0).u8(0).u32(0);
}

/** @param {Buffer} body @returns {Route | undefined} undefined: of no family known here */
export function readRoute(body) {
  const family = body.readUInt8(0);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const attributes = new Attributes(body, 12);
  const source = attributes.bytes(RTA_PREFSRC);
  const type = body.readUInt8(7);
  return compact({
    family: familyName(family),
    destination: formatCidr(attributes.bytes(RTA_DST), body.readUInt8(1), familyName(family)),
    table: attributes.u32(RTA_TABLE) ?? body.readUInt8(4),
    protocol: body.readUInt8(5),
    scope: body.readUInt8(6),
    type: TYPES[type] ?? String(type),
    oif: attributes.u32(RTA_OIF),
    gateway: readGateway(attributes),
    source: source && formatIp(source),
    priority: attributes.u32(RTA_PRIORITY),
    mtu: attributes.nest(RTA_METRICS)?.u32(RTAX_MTU),
    onlink: (body.readUInt32LE(8) & RTNH_F_ONLINK) !== 0 || undefined,
    nextHops: readNextHops(attributes.bytes(RTA_MULTIPATH)),
  });
}

/** @param {Attributes} attributes */
function readGateway(attributes) {
  const gateway = attributes.bytes(RTA_GATEWAY) ?? attributes.bytes(RTA_VIA)?.subarray(2);
  return gateway && formatIp(gateway);
}

/** @param {Buffer | undefined} payload rtnexthop structs @returns {NextHop[] | undefined} */
function readNextHops(payload) {
  if (payload === undefined) return undefined;
  const hops = [];
  for (let at = 0; at + 8 <= payload.length;) {
    const length = payload.readUInt16LE(at);
    if (length < 8) break;
    const attributes = new Attributes(payload.subarray(at, at + length), 8);
    hops.push(
      compact({
        oif: payload.readInt32LE(at + 4),
        gateway: readGateway(attributes),
        weight: payload.readUInt8(at + 3) + 1,
        onlink: (payload.readUInt8(at + 2) & RTNH_F_ONLINK) !== 0 || undefined,
      }),
    );
    at += (length + 3) & ~3;
  }
  return hops;
}
