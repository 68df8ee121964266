import { Attributes } from './reader.js';

/** @import { Writer } from './writer.js' */

export const RTM_GETNSID = 90;
const NETNSA_NSID = 1;
const NETNSA_FD = 3;

/** @param {Writer} w @param {number} fd of a network namespace */
export function writeNsidGet(w, fd) {
  // struct rtgenmsg, padded
  w.u32(0);
  w.attributeU32(NETNSA_FD, fd);
}

/** @param {Buffer} body @returns {number | undefined} undefined: none is assigned */
export function readNsid(body) {
  const nsid = new Attributes(body, 4).i32(NETNSA_NSID);
  return nsid === undefined || nsid < 0 ? undefined : nsid;
}
