import { closeSync, openSync } from 'node:fs';
import { addon } from './addon.js';
import { errorOf, invalid, NetlinkError } from './error.js';

/** File descriptors that messages refer to by number: opened once each, closed together after sending. */
export class Descriptors {
  /** @type {Map<string, number>} */
  #files = new Map();
  /** @type {Map<string, number>} */
  #pins = new Map();

  /** @param {string} path of a network namespace */
  file(path) {
    return remembered(this.#files, path, () => {
      try {
        return openSync(path, 'r');
      } catch (cause) {
        const { code = 'EINVAL', errno = -22 } = /** @type {NodeJS.ErrnoException} */ (cause);
        throw new NetlinkError(`cannot open ${path} (${code})`, { code, errno: -errno, cause });
      }
    });
  }

  /** @param {string | undefined} path of a BPF program in a bpffs */
  pinned(path) {
    if (path === undefined) throw invalid('a bpf filter needs fd or pinned');
    return remembered(this.#pins, path, () => {
      const status = addon.openPinned(path);
      if (status.errno !== 0) throw errorOf(status, 'bpf');
      return status.fd;
    });
  }

  close() {
    for (const fd of [...this.#files.values(), ...this.#pins.values()]) closeSync(fd);
    this.#files.clear();
    this.#pins.clear();
  }
}

/** @param {Map<string, number>} known @param {string} path @param {() => number} open */
function remembered(known, path, open) {
  const fd = known.get(path) ?? open();
  known.set(path, fd);
  return fd;
}
