import {
  AF_INET,
  AF_INET6,
  familyName,
  familyNumber,
  formatIp,
  formatMac,
  parseIp,
  parseMac,
} from './ip.js';
import { Attributes, compact } from './reader.js';
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_REPLACE } from './writer.js';

/** @import { Neighbor, NeighborOperation } from '../index.js' */
/** @import { Writer } from './writer.js' */

export const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NUD_REACHABLE = 0x02;
const NUD_PERMANENT = 0x80;

/** @param {Writer} w @param {NeighborOperation} op */
export function writeNeighbor(w, op) {
  const { family, bytes } = parseIp(op.address);
  const replace = op.op === 'neighbor-replace';
  const state = op.permanent === false ? NUD_REACHABLE : NUD_PERMANENT;
  w.message(
    replace ? RTM_NEWNEIGH : RTM_DELNEIGH,
    NLM_F_ACK | (replace ? NLM_F_CREATE | NLM_F_REPLACE : 0),
    () => {
      writeHeader(w, familyNumber(family), op.ifindex, replace ? state : 0);
      w.attributeBytes(NDA_DST, bytes);
      if (replace && op.mac !== undefined) w.attributeBytes(NDA_LLADDR, parseMac(op.mac));
    },
  );
}

/** @param {Writer} w @param {number} family */
export function writeNeighborDump(w, family) {
  writeHeader(w, family, 0, 0);
}

/** @param {Writer} w @param {number} family @param {number} ifindex @param {number} state */
function writeHeader(w, family, ifindex, state) {
  w.u8(family).u8(0).u16(0).u32(ifindex).u16(state).u8(0).u8(0);
}

/** @param {Buffer} body @returns {Neighbor | undefined} undefined: of no family known here */
export function readNeighbor(body) {
  const family = body.readUInt8(0);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const attributes = new Attributes(body, 12);
  const mac = attributes.bytes(NDA_LLADDR);
  const state = body.readUInt16LE(8);
  return compact({
    ifindex: body.readInt32LE(4),
    address: formatIp(attributes.bytes(NDA_DST) ?? Buffer.alloc(family === AF_INET ? 4 : 16)),
    mac: mac && formatMac(mac),
    state,
    permanent: (state & NUD_PERMANENT) !== 0,
    flags: body.readUInt8(10),
    family: familyName(family),
  });
}
