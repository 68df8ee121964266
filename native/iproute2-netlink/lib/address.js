import { AF_INET, familyNumber, formatIp, parseIp } from './ip.js';
import { Attributes, compact } from './reader.js';
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL } from './writer.js';

/** @import { Address, AddressOperation } from '../index.js' */
/** @import { Writer } from './writer.js' */

export const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_FLAGS = 8;
const IFA_PROTO = 11;
const IFA_F_NODAD = 0x02;
const IFA_F_NOPREFIXROUTE = 0x200;
const RT_SCOPE_HOST = 254;

/** @param {Writer} w @param {AddressOperation} op */
export function writeAddress(w, op) {
  const { family, bytes } = parseIp(op.address);
  const add = op.op === 'address-add';
  const flags = (op.noDad ? IFA_F_NODAD : 0) | (op.noPrefixRoute ? IFA_F_NOPREFIXROUTE : 0);
  const scope = family === 'inet' && bytes[0] === 127 ? RT_SCOPE_HOST : 0;
  w.message(
    add ? RTM_NEWADDR : RTM_DELADDR,
    NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0),
    () => {
      w.u8(familyNumber(family))
        .u8(op.prefixLength)
        .u8(flags & 0xff)
        .u8(op.scope ?? scope);
      w.u32(op.ifindex);
      w.attributeBytes(IFA_LOCAL, bytes);
      w.attributeBytes(IFA_ADDRESS, bytes);
      if (!add) return;
      w.attributeText(IFA_LABEL, op.label);
      w.attributeU32(IFA_FLAGS, flags);
      w.attributeU8(IFA_PROTO, op.protocol);
    },
  );
}

/** @param {Writer} w @param {number} family */
export function writeAddressDump(w, family) {
  w.u8(family).u8(0).u8(0).u8(0).u32(0);
}

/** @param {Buffer} body @returns {Address} */
export function readAddress(body) {
  const attributes = new Attributes(body, 8);
  const remote = attributes.bytes(IFA_ADDRESS);
  const local = attributes.bytes(IFA_LOCAL) ?? remote ?? Buffer.alloc(body[0] === AF_INET ? 4 : 16);
  return compact({
    ifindex: body.readUInt32LE(4),
    address: formatIp(local),
    prefixLength: body.readUInt8(1),
    peer: remote !== undefined && !remote.equals(local) ? formatIp(remote) : undefined,
    scope: body.readUInt8(3),
    protocol: attributes.u8(IFA_PROTO),
    label: attributes.text(IFA_LABEL),
    flags: attributes.u32(IFA_FLAGS) ?? body.readUInt8(2),
  });
}
