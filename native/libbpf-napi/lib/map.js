import { readFileSync } from 'node:fs';
import { addon } from './addon.js';
import { checked, refused } from './error.js';
import { Handle, openId, openPinned } from './handle.js';
import { MAP_TYPES, nameOf, PERCPU } from './types.js';

/** @import { MapInfo } from '../index.js' */

export class BpfMap extends Handle {
  /** @type {MapInfo | undefined} */
  #shape;

  /** @param {{ type: string, name: string, keySize: number, valueSize: number, maxEntries: number, flags?: number }} o */
  static create({ type, name, keySize, valueSize, maxEntries, flags = 0 }) {
    const number = MAP_TYPES.indexOf(type);
    if (number < 0) throw refused(`there is no map type ${type}`);
    const made = addon.createMap(number, name, keySize, valueSize, maxEntries, flags);
    return new BpfMap(checked(made, `create map ${name}`).fd);
  }

  /** @param {string} path */
  static openPinned(path) {
    return new BpfMap(openPinned(path));
  }

  /** @param {number} id */
  static openId(id) {
    return new BpfMap(openId('map', id));
  }

  /** @returns {MapInfo} */
  info() {
    const { errno, type, ...info } = checked(addon.mapInfo(this.fd), 'describe map');
    return { ...info, type: nameOf(MAP_TYPES, type) };
  }

  /** @param {Uint8Array} key */
  lookup(key) {
    const found = addon.lookup(...this.#sizes(key), key);
    return found.code === 'ENOENT' ? undefined : checked(found, this.#what('look up in')).value;
  }

  /**
   * @param {Uint8Array} key
   * @param {Uint8Array} value
   * @param {number} [flags]
   */
  update(key, value, flags = 0) {
    const sizes = this.#sizes(key, value);
    checked(addon.update(...sizes, key, value, flags), this.#what('write to'));
  }

  /** @param {Uint8Array} key */
  delete(key) {
    const gone = addon.remove(...this.#sizes(key), key);
    if (gone.code === 'ENOENT') return false;
    checked(gone, this.#what('delete from'));
    return true;
  }

  /**
   * @param {Uint8Array} keys
   * @param {Uint8Array} values
   * @param {number} count
   */
  async updateBatch(keys, values, count) {
    const sizes = this.#sizes(keys, values, count);
    checked(await addon.updateBatch(...sizes, keys, values, count), this.#what('write to'));
  }

  /**
   * @param {Uint8Array} keys
   * @param {number} count
   */
  async deleteBatch(keys, count) {
    const sizes = this.#sizes(keys, undefined, count);
    checked(await addon.removeBatch(...sizes, keys, count), this.#what('delete from'));
  }

  async dump() {
    const { count, keys, values } = checked(await addon.dump(...this.#sizes()), this.#what('dump'));
    return { count, keys, values };
  }

  freeze() {
    checked(addon.freeze(this.fd), this.#what('freeze'));
  }

  /** The shape of an open map never changes. */
  get shape() {
    return (this.#shape ??= this.info());
  }

  /**
   * Sizes for the native side, after making sure that it will not read behind the caller's buffers.
   * @param {Uint8Array} [keys]
   * @param {Uint8Array} [values]
   * @param {number} [count]
   * @returns {[number, number, number]}
   */
  #sizes(keys, values, count = 1) {
    const { keySize, valueSize, type } = this.shape;
    const seen = PERCPU.includes(type) ? possibleCpus() * Math.ceil(valueSize / 8) * 8 : valueSize;
    if (keys !== undefined && keys.length !== keySize * count) {
      throw refused(this.#what(`${keys.length} bytes of keys, not ${keySize * count}, for`));
    }
    if (values !== undefined && values.length !== seen * count) {
      throw refused(this.#what(`${values.length} bytes of values, not ${seen * count}, for`));
    }
    return [this.fd, keySize, seen];
  }

  /** @param {string} verb */
  #what(verb) {
    return `${verb} map ${this.shape.name}`;
  }
}

/** @type {number | undefined} */
let cpus;

/** CPUs that could ever be there (`0-3,8`), for which the kernel keeps values. */
function possibleCpus() {
  const last = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim().match(/\d+$/);
  return (cpus ??= Number(last?.[0] ?? 0) + 1);
}
