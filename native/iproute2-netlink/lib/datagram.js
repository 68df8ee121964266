import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { addon } from './addon.js';
import { errorOf, NetlinkError } from './error.js';
import { formatMapped, parseMapped } from './ip.js';
import { openConnected, portOf, transparentSocket } from './transparent.js';

const READABLE = 1;
const { EAGAIN, EBADF } = constants.errno;
/** Datagrams that are read in one turn, so that a flood leaves the loop time for others. */
const TURN = 64;
/** Sockets kept to send from other ports. */
const MOST_SENDERS = 64;

/** @typedef {import('../index.js').DatagramHandlers} Handlers */

/** See index.d.ts. */
export class DatagramSocket {
  #fd;
  #netns;
  #device;
  #handlers;
  #poll;
  #closed = false;
  /** By port, the one used last at the end. @type {Map<number, Promise<number>>} */
  #senders = new Map();

  /** @param {Handlers & { fd: number, netns?: string, device?: string }} o */
  constructor({ fd, netns = '', device = '', onMessage, onError = () => {} }) {
    this.#fd = fd;
    this.#netns = netns;
    this.#device = device;
    this.#handlers = { onMessage, onError };
    this.port = addon.socketPort(fd);
    this.#poll = new addon.Poll(fd, () => this.#receive());
    const errno = this.#poll.start(READABLE);
    if (errno !== 0) throw errorOf({ errno }, `poll ${fd}`);
  }

  /** @param {Handlers & import('./transparent.js').Connection} o */
  static async connect({ onMessage, onError, ...connection }) {
    const fd = await openConnected(connection, false);
    return new DatagramSocket({ fd, onMessage, ...(onError !== undefined && { onError }) });
  }

  /**
   * @param {Uint8Array} data
   * @param {{ from?: string, fromPort?: number, to: string, toPort: number }} [path]
   */
  async send(data, path) {
    if (path === undefined) {
      this.#sent(addon.datagramSend(this.#open(), data));
      return;
    }
    const { from, fromPort = this.port, to, toPort } = path;
    const source = from === undefined ? undefined : parseMapped(from);
    const target = parseMapped(to);
    portOf(toPort);
    const sender = fromPort === this.port ? undefined : this.#sender(portOf(fromPort));
    const fd = sender === undefined ? this.#open() : await sender;
    if (sender !== undefined && this.#senders.get(fromPort) !== sender) throw closed();
    this.#sent(addon.datagramSend(fd, data, source, target, toPort));
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll.close();
    closeSync(this.#fd);
    for (const port of [...this.#senders.keys()]) this.#drop(port);
  }

  #receive() {
    for (let i = 0; i < TURN && !this.#closed; i++) {
      const { data, source, sourcePort, destination, destinationPort, ...status } =
        addon.datagramReceive(this.#fd);
      if (status.errno === EAGAIN) return;
      if (status.errno !== 0) {
        this.#handlers.onError(errorOf(status, 'receive'));
        return;
      }
      this.#handlers.onMessage(data, {
        ...{ source: formatMapped(source), sourcePort },
        ...{ destination: formatMapped(destination), destinationPort },
      });
    }
  }

  /** @param {number} port @returns {Promise<number>} closed once it is another in the map, or none */
  #sender(port) {
    this.#open();
    const known = this.#senders.get(port);
    const place = { netns: this.#netns, device: this.#device };
    const opened = known ?? transparentSocket({ ...place, type: 'udp', port });
    this.#senders.delete(port);
    this.#senders.set(port, opened);
    const [oldest = port] = this.#senders.keys();
    if (this.#senders.size > MOST_SENDERS) this.#drop(oldest);
    opened.catch(() => {
      if (this.#senders.get(port) === opened) this.#senders.delete(port);
    });
    return opened;
  }

  /** @param {number} port */
  #drop(port) {
    this.#senders.get(port)?.then(closeSync, () => {});
    this.#senders.delete(port);
  }

  #open() {
    if (!this.#closed) return this.#fd;
    throw closed();
  }

  /** @param {import('./addon.js').Status} status */
  #sent(status) {
    if (status.errno !== 0) throw errorOf(status, 'send');
  }
}

function closed() {
  return new NetlinkError('this DatagramSocket is closed', { code: 'EBADF', errno: EBADF });
}
