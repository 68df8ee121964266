import { readAddress, RTM_GETADDR, writeAddressDump } from './address.js';
import { addon } from './addon.js';
import { removeHalfMade, resultsOf, sendSteps } from './batch.js';
import { Descriptors } from './descriptors.js';
import { errorOf, NetlinkError } from './error.js';
import { readFilter, RTM_GETTFILTER, writeFilterDump } from './filter.js';
import { AF_INET, AF_INET6 } from './ip.js';
import { readLink, RTM_GETLINK, writeLinkDump } from './link.js';
import { readNeighbor, RTM_GETNEIGH, writeNeighborDump } from './neighbor.js';
import { readNsid, RTM_GETNSID, writeNsidGet } from './nsid.js';
import { encode } from './operations.js';
import { readQdisc, RTM_GETQDISC, writeTcHeader } from './qdisc.js';
import { messagesOf } from './reader.js';
import { readRoute, RTM_GETROUTE, writeRouteDump } from './route.js';
import { readRule, RTM_GETRULE, writeRuleDump } from './rule.js';
import { NLM_F_ACK, NLM_F_DUMP, Writer } from './writer.js';

/** @import { FilterTarget, Operation } from '../index.js' */
/** @import { NativeSocket } from './addon.js' */

const FAMILIES = [AF_INET, AF_INET6];

/** See index.d.ts. */
export class Netlink {
  /** @type {NativeSocket | undefined} */
  #socket;
  /** One request at a time has the socket. @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {NativeSocket} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /** @param {{ netns?: string }} [o] */
  static async open({ netns } = {}) {
    return new Netlink(await openSocket(netns ?? ''));
  }

  close() {
    this.#socket?.close();
    this.#socket = undefined;
  }

  links() {
    return this.#dump('links', RTM_GETLINK, (w) => writeLinkDump(w), readLink);
  }

  addresses() {
    return this.#dumpFamilies('addresses', RTM_GETADDR, writeAddressDump, readAddress);
  }

  neighbors() {
    return this.#dumpFamilies('neighbors', RTM_GETNEIGH, writeNeighborDump, readNeighbor);
  }

  routes() {
    return this.#dumpFamilies('routes', RTM_GETROUTE, writeRouteDump, readRoute);
  }

  rules() {
    return this.#dumpFamilies('rules', RTM_GETRULE, writeRuleDump, readRule);
  }

  qdiscs() {
    return this.#dump('qdiscs', RTM_GETQDISC, (w) => writeTcHeader(w, 0, 0, 0, 0), readQdisc);
  }

  /** @param {FilterTarget} target */
  filters(target) {
    return this.#dump('filters', RTM_GETTFILTER, (w) => writeFilterDump(w, target), readFilter);
  }

  /** @param {string} path */
  async nsid(path) {
    const descriptors = new Descriptors();
    try {
      const fd = descriptors.file(path);
      const write = (/** @type {Writer} */ w) => writeNsidGet(w, fd);
      const [nsid] = await this.#query(`nsid ${path}`, RTM_GETNSID, NLM_F_ACK, write, readNsid);
      return nsid;
    } finally {
      descriptors.close();
    }
  }

  /** @param {readonly Operation[]} operations */
  async batch(operations) {
    const descriptors = new Descriptors();
    /** @type {Map<string, NativeSocket>} */
    const elsewhere = new Map();
    /** @param {string | undefined} netns */
    const socketIn = async (netns) => {
      if (netns === undefined) return this.#open();
      const socket = elsewhere.get(netns) ?? (await openSocket(netns));
      elsewhere.set(netns, socket);
      return socket;
    };
    try {
      const { writer, steps } = encode(operations, descriptors);
      await this.#inTurn(async () => {
        const failures = await sendSteps(steps, writer, socketIn);
        if (failures.size === 0) return;
        await removeHalfMade(operations, steps, failures, socketIn);
        const results = resultsOf(operations, steps, failures);
        const first = results.find((result) => result !== undefined);
        throw Object.assign(/** @type {NetlinkError} */ (first), { results });
      });
    } finally {
      for (const socket of elsewhere.values()) socket.close();
      descriptors.close();
    }
  }

  /**
   * @template T
   * @param {string} request @param {number} type
   * @param {(w: Writer) => void} write @param {(body: Buffer) => T | undefined} read
   */
  #dump(request, type, write, read) {
    return this.#query(request, type, NLM_F_DUMP, write, read);
  }

  /**
   * @template T
   * @param {string} request @param {number} type
   * @param {(w: Writer, family: number) => void} write @param {(body: Buffer) => T | undefined} read
   */
  async #dumpFamilies(request, type, write, read) {
    /** @type {T[]} */
    const all = [];
    for (const family of FAMILIES) {
      all.push(...(await this.#dump(request, type, (w) => write(w, family), read)));
    }
    return all;
  }

  /**
   * @template T
   * @param {string} request @param {number} type @param {number} flags
   * @param {(w: Writer) => void} write @param {(body: Buffer) => T | undefined} read
   * @returns {Promise<T[]>}
   */
  async #query(request, type, flags, write, read) {
    const writer = new Writer();
    writer.message(type, flags, () => write(writer));
    const reply = await this.#inTurn(() => this.#open().query(writer.bytes()));
    if (reply.errno !== 0) throw errorOf(reply, request, { extack: true });
    /** @type {T[]} */
    const found = [];
    for (const { body } of messagesOf(reply.messages)) {
      const value = read(body);
      if (value !== undefined) found.push(value);
    }
    return found;
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  #inTurn(work) {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  #open() {
    if (this.#socket) return this.#socket;
    throw new NetlinkError('the netlink socket is closed', { code: 'EBADF', errno: 9 });
  }
}

/** @param {string} netns */
async function openSocket(netns) {
  const socket = new addon.Socket();
  const status = await socket.open(netns);
  if (status.errno !== 0) throw errorOf(status, 'netlink socket');
  return socket;
}
