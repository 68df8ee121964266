import { writeAddress } from './address.js';
import { invalid, NetlinkError } from './error.js';
import { writeFilter, writeFilterDelete } from './filter.js';
import { writeLinkAdd, writeLinkDelete, writeLinkSet } from './link.js';
import { writeNeighbor } from './neighbor.js';
import { writeClsact, writeQdiscDelete } from './qdisc.js';
import { writeRoute } from './route.js';
import { writeRule } from './rule.js';
import { Writer } from './writer.js';

/** @import { LinkAdd, LinkPeer, Operation } from '../index.js' */
/** @import { Descriptors } from './descriptors.js' */

/**
 * One message of a batch.
 * @typedef {object} Step
 * @property {number} operation its position in the batch
 * @property {number} start in the writer's bytes
 * @property {number} end
 * @property {boolean} chained only if the message before it succeeded
 * @property {string | undefined} netns where to send it, if not in the socket's own namespace
 */

/**
 * @param {readonly Operation[]} operations
 * @param {Descriptors} descriptors
 * @returns {{ writer: Writer, steps: Step[] }}
 */
export function encode(operations, descriptors) {
  const writer = new Writer();
  /** @type {Step[]} */
  const steps = [];
  operations.forEach((op, operation) => {
    let chained = false;
    /** @param {() => void} write @param {string} [netns] */
    const step = (write, netns) => {
      const start = writer.length;
      write();
      steps.push({ operation, start, end: writer.length, chained, netns });
      chained = true;
    };
    try {
      encodeOne(writer, op, descriptors, step);
    } catch (error) {
      throw located(error, op, operation);
    }
  });
  return { writer, steps };
}

/** @param {unknown} error @param {Operation} op @param {number} index */
function located(error, op, index) {
  const request = describe(op);
  const { code, errno } = error instanceof NetlinkError ? error : invalid('');
  const words = error instanceof Error ? error.message : String(error);
  return new NetlinkError(`${request}: ${words}`, { code, errno, request, index, cause: error });
}

/**
 * @param {Writer} w @param {Operation} op @param {Descriptors} descriptors
 * @param {(write: () => void, netns?: string) => void} step
 */
function encodeOne(w, op, descriptors, step) {
  switch (op.op) {
    case 'link-add':
      return encodeLinkAdd(w, op, descriptors, step);
    case 'link-set':
      return step(() => writeLinkSet(w, op, { ifindex: op.ifindex }, descriptors));
    case 'link-delete':
      return step(() => writeLinkDelete(w, op));
    case 'address-add':
    case 'address-delete':
      return step(() => writeAddress(w, op));
    case 'neighbor-replace':
    case 'neighbor-delete':
      return step(() => writeNeighbor(w, op));
    case 'route-add':
    case 'route-replace':
    case 'route-delete':
      return step(() => writeRoute(w, op));
    case 'rule-add':
    case 'rule-delete':
      return step(() => writeRule(w, op));
    case 'clsact-add':
      return step(() => writeClsact(w, op));
    case 'qdisc-delete':
      return step(() => writeQdiscDelete(w, op));
    case 'filter-add':
    case 'filter-replace':
      return step(() => writeFilter(w, op, descriptors));
    case 'filter-delete':
      return step(() => writeFilterDelete(w, op));
    default:
      throw invalid(`no such operation: ${/** @type {{ op: string }} */ (op).op}`);
  }
}

/**
 * The kernel takes neither an alias nor an address generation mode when it makes a link, and cannot bring
 * up the far end of a veth then (ENOTCONN). These follow in messages of their own, in the namespace of that
 * end; and an end comes up only after its mode is set, or it would have its link-local address already.
 * @param {Writer} w @param {LinkAdd} op @param {Descriptors} descriptors
 * @param {(write: () => void, netns?: string) => void} step
 */
function encodeLinkAdd(w, op, descriptors, step) {
  const upAtOnce = op.up === true && !hasSettings(op);
  step(() => writeLinkAdd(w, op, descriptors, upAtOnce));
  for (const end of op.peer === undefined ? [op] : [op, op.peer]) {
    const { name, netns, alias, addrGenMode } = end;
    const at = netns === undefined ? undefined : `/proc/self/fd/${descriptors.file(netns)}`;
    if (hasSettings(end)) step(() => writeLinkSet(w, { alias, addrGenMode }, { name }), at);
    if (end.up && !(end === op && upAtOnce)) {
      step(() => writeLinkSet(w, { up: true }, { name }), at);
    }
  }
}

/** @param {LinkAdd | LinkPeer} end */
function hasSettings({ alias, addrGenMode }) {
  return alias !== undefined || addrGenMode !== undefined;
}

/**
 * An operation in a few words, for errors.
 * @param {Operation} op
 */
export function describe(op) {
  switch (op.op) {
    case 'link-add':
      return `${op.op} ${op.name}`;
    case 'address-add':
    case 'address-delete':
      return `${op.op} ${op.address}/${op.prefixLength} dev ${op.ifindex}`;
    case 'neighbor-replace':
    case 'neighbor-delete':
      return `${op.op} ${op.address} dev ${op.ifindex}`;
    case 'route-add':
    case 'route-replace':
    case 'route-delete':
      return [
        `${op.op} ${op.route.destination}`,
        ...(op.route.gateway === undefined ? [] : [`via ${op.route.gateway}`]),
        ...(op.route.oif === undefined ? [] : [`dev ${op.route.oif}`]),
        ...(op.route.table === undefined ? [] : [`table ${op.route.table}`]),
      ].join(' ');
    case 'rule-add':
    case 'rule-delete':
      return `${op.op} ${op.rule.family} priority ${op.rule.priority ?? 'any'}`;
    case 'filter-add':
    case 'filter-replace':
    case 'filter-delete': {
      const target = op.block === undefined ? `dev ${op.ifindex}` : `block ${op.block}`;
      return `${op.op} ${target} priority ${op.priority} handle ${op.handle}`;
    }
    case 'link-set':
    case 'link-delete':
    case 'clsact-add':
    case 'qdisc-delete':
      return `${op.op} dev ${op.ifindex}`;
    default:
      return String(/** @type {{ op: unknown }} */ (op).op);
  }
}
