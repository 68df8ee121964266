import { invalid } from './error.js';
import { writeTcHeader } from './qdisc.js';
import { Attributes, compact } from './reader.js';
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL } from './writer.js';

/** @import { Filter, FilterDelete, FilterTarget, FilterWrite } from '../index.js' */
/** @import { Descriptors } from './descriptors.js' */
/** @import { Writer } from './writer.js' */

export const RTM_NEWTFILTER = 44;
const RTM_DELTFILTER = 45;
export const RTM_GETTFILTER = 46;
const TCA_KIND = 1;
const TCA_OPTIONS = 2;
const TCA_CHAIN = 11;
const TCA_BPF_FD = 6;
const TCA_BPF_NAME = 7;
const TCA_BPF_FLAGS = 8;
const TCA_BPF_TAG = 10;
const TCA_BPF_ID = 11;
const TCA_BPF_FLAG_ACT_DIRECT = 1;
const ETH_P_ALL = 0x0003;
/** In place of an ifindex: the parent is the number of a shared block. */
const TCM_IFINDEX_MAGIC_BLOCK = 0xffffffff;

/** @param {Writer} w @param {FilterTarget} target @param {number} handle @param {number} info */
function writeHeader(w, target, handle, info) {
  if (target.block !== undefined) {
    writeTcHeader(w, TCM_IFINDEX_MAGIC_BLOCK, handle, target.block, info);
  } else {
    writeTcHeader(w, target.ifindex, handle, target.parent, info);
  }
}

/** @param {number} priority */
function info(priority) {
  if (!(priority > 0 && priority <= 0xffff)) throw invalid(`no filter priority: ${priority}`);
  return priority * 0x10000 + swap16(ETH_P_ALL);
}

/** @param {Writer} w @param {FilterWrite} op @param {Descriptors} descriptors */
export function writeFilter(w, op, descriptors) {
  const fd = op.bpf.fd ?? descriptors.pinned(op.bpf.pinned);
  const exclusive = op.op === 'filter-add' ? NLM_F_EXCL : 0;
  w.message(RTM_NEWTFILTER, NLM_F_ACK | NLM_F_CREATE | exclusive, () => {
    writeHeader(w, op, op.handle, info(op.priority));
    w.attributeText(TCA_KIND, 'bpf');
    w.attributeU32(TCA_CHAIN, op.chain);
    w.nested(TCA_OPTIONS, () => {
      w.attributeU32(TCA_BPF_FD, fd);
      w.attributeText(TCA_BPF_NAME, op.bpf.name);
      w.attributeU32(TCA_BPF_FLAGS, op.bpf.directAction ? TCA_BPF_FLAG_ACT_DIRECT : 0);
    });
  });
}

/** @param {Writer} w @param {FilterDelete} op */
export function writeFilterDelete(w, op) {
  w.message(RTM_DELTFILTER, NLM_F_ACK, () => {
    writeHeader(w, op, op.handle, info(op.priority));
    w.attributeText(TCA_KIND, 'bpf');
    w.attributeU32(TCA_CHAIN, op.chain);
  });
}

/** @param {Writer} w @param {FilterTarget} target */
export function writeFilterDump(w, target) {
  writeHeader(w, target, 0, 0);
}

/** @param {Buffer} body @returns {Filter | undefined} undefined: the classifier itself, not a filter of it */
export function readFilter(body) {
  const handle = body.readUInt32LE(8);
  if (handle === 0) return undefined;
  const tcInfo = body.readUInt32LE(16);
  const attributes = new Attributes(body, 20);
  const kind = attributes.text(TCA_KIND) ?? '';
  const options = kind === 'bpf' ? attributes.nest(TCA_OPTIONS) : undefined;
  return compact({
    kind,
    priority: tcInfo >>> 16,
    handle,
    protocol: swap16(tcInfo & 0xffff),
    chain: attributes.u32(TCA_CHAIN) ?? 0,
    bpf: options && readProgram(options),
  });
}

/** @param {Attributes} options @returns {Filter['bpf']} undefined: classic BPF, which is no loaded program */
function readProgram(options) {
  const id = options.u32(TCA_BPF_ID);
  if (id === undefined) return undefined;
  return {
    id,
    tag: options.bytes(TCA_BPF_TAG)?.toString('hex') ?? '',
    name: options.text(TCA_BPF_NAME) ?? '',
    directAction: ((options.u32(TCA_BPF_FLAGS) ?? 0) & TCA_BPF_FLAG_ACT_DIRECT) !== 0,
  };
}

/** @param {number} value */
function swap16(value) {
  return ((value & 0xff) << 8) | (value >>> 8);
}
