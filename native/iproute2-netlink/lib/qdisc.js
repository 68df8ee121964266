import { Attributes, compact } from './reader.js';
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL } from './writer.js';

/** @import { ClsactAdd, Qdisc, QdiscDelete } from '../index.js' */
/** @import { Writer } from './writer.js' */

export const RTM_NEWQDISC = 36;
const RTM_DELQDISC = 37;
export const RTM_GETQDISC = 38;
const TCA_KIND = 1;
const TCA_INGRESS_BLOCK = 13;
const TCA_EGRESS_BLOCK = 14;
const TC_H_CLSACT = 0xfffffff1;
const CLSACT_HANDLE = 0xffff0000;

/**
 * struct tcmsg, shared by qdiscs and filters.
 * @param {Writer} w @param {number} ifindex @param {number} handle @param {number} parent @param {number} info
 */
export function writeTcHeader(w, ifindex, handle, parent, info) {
  w.u32(0).u32(ifindex).u32(handle).u32(parent).u32(info);
}

/** @param {Writer} w @param {ClsactAdd} op */
export function writeClsact(w, op) {
  w.message(RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, () => {
    writeTcHeader(w, op.ifindex, CLSACT_HANDLE, TC_H_CLSACT, 0);
    w.attributeText(TCA_KIND, 'clsact');
    w.attributeU32(TCA_INGRESS_BLOCK, op.ingressBlock);
    w.attributeU32(TCA_EGRESS_BLOCK, op.egressBlock);
  });
}

/** @param {Writer} w @param {QdiscDelete} op */
export function writeQdiscDelete(w, op) {
  w.message(RTM_DELQDISC, NLM_F_ACK, () => writeTcHeader(w, op.ifindex, 0, op.parent, 0));
}

/** @param {Buffer} body @returns {Qdisc} */
export function readQdisc(body) {
  const attributes = new Attributes(body, 20);
  return compact({
    ifindex: body.readInt32LE(4),
    kind: attributes.text(TCA_KIND) ?? '',
    handle: body.readUInt32LE(8),
    parent: body.readUInt32LE(12),
    ingressBlock: attributes.u32(TCA_INGRESS_BLOCK),
    egressBlock: attributes.u32(TCA_EGRESS_BLOCK),
  });
}
