import { addon } from './addon.js';
import { checked, refused } from './error.js';

/** A file descriptor of the kernel's. Closed explicitly; closing twice is fine. */
export class Handle {
  /** @type {number} */
  #fd;

  /** @param {number} fd */
  constructor(fd) {
    this.#fd = fd;
  }

  get fd() {
    if (this.#fd < 0) throw refused(`this ${this.constructor.name} is closed`, 'EBADF');
    return this.#fd;
  }

  /** @param {string} path */
  pin(path) {
    checked(addon.pin(this.fd, path), `pin ${path}`);
  }

  close() {
    if (this.#fd >= 0) addon.close(this.#fd);
    this.#fd = -1;
  }
}

/** @param {string} path */
export function openPinned(path) {
  return checked(addon.openPinned(path), `open ${path}`).fd;
}

/**
 * @param {'program' | 'map' | 'link' | 'btf'} kind
 * @param {number} id
 */
export function openId(kind, id) {
  return checked(addon.openId(kind, id), `open ${kind} ${id}`).fd;
}
