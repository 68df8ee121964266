import { addon } from './addon.js';
import { checked, refused } from './error.js';

export class RingBuffer {
  #ring;
  #closed = false;

  /**
   * @param {{ fd: number }} map
   * @param {(record: Uint8Array) => void} onRecord
   */
  constructor(map, onRecord) {
    this.#ring = new addon.Ring(map.fd, onRecord);
    if (typeof this.#ring.consume !== 'function') throw refused('not a ring buffer');
  }

  consume() {
    const drained = this.#open().consume();
    return typeof drained === 'number' ? drained : checked(drained, 'consume ring buffer');
  }

  start() {
    checked(this.#open().start(), 'poll ring buffer');
  }

  close() {
    if (!this.#closed) this.#ring.close();
    this.#closed = true;
  }

  #open() {
    if (this.#closed) throw refused('this RingBuffer is closed', 'EBADF');
    return this.#ring;
  }
}
