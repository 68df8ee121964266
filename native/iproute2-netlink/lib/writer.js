import { invalid } from './error.js';

export const NLM_F_REQUEST = 0x001;
export const NLM_F_ACK = 0x004;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
const NLA_F_NESTED = 0x8000;

let lastSequence = 0;

/**
 * Writes netlink messages one after the other into one buffer. Integers are in the host's order,
 * which is little-endian on every machine that Node 20 runs Linux on but s390x.
 */
export class Writer {
  #buffer = Buffer.alloc(4096);
  #length = 0;
  #message = 0;

  /** Number of bytes written. */
  get length() {
    return this.#length;
  }

  /** @returns {Buffer} all that was written; valid until more is */
  bytes(start = 0, end = this.#length) {
    return this.#buffer.subarray(start, end);
  }

  /**
   * @param {number} type RTM_…
   * @param {number} flags NLM_F_…; NLM_F_REQUEST is implied
   * @param {() => void} body
   */
  message(type, flags, body) {
    this.#message = this.#length;
    lastSequence = (lastSequence + 1) >>> 0;
    this.u32(0)
      .u16(type)
      .u16(flags | NLM_F_REQUEST)
      .u32(lastSequence)
      .u32(0);
    body();
    this.#buffer.writeUInt32LE(this.#length - this.#message, this.#message);
  }

  /** @param {number} value */
  u8(value) {
    this.#reserve(1);
    this.#length = this.#buffer.writeUInt8(value, this.#length);
    return this;
  }

  /** @param {number} value */
  u16(value) {
    this.#reserve(2);
    this.#length = this.#buffer.writeUInt16LE(value, this.#length);
    return this;
  }

  /** @param {number} value taken modulo 2^32, so that -1 is all ones */
  u32(value) {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value >>> 0, this.#length);
    return this;
  }

  /** @param {Uint8Array} value */
  raw(value) {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /**
   * @param {number} type
   * @param {() => void} payload
   */
  attribute(type, payload) {
    const start = this.#length;
    this.u16(0).u16(type);
    payload();
    const length = this.#length - start;
    if (length > 0xffff) throw invalid('an attribute is longer than 65,535 bytes');
    this.#buffer.writeUInt16LE(length, start);
    this.raw(PADDING[-length & 3] ?? PADDING[0]);
  }

  /**
   * @param {number} type
   * @param {() => void} payload
   */
  nested(type, payload) {
    this.attribute(type | NLA_F_NESTED, payload);
  }

  /**
   * These leave the attribute out for `undefined`.
   * @param {number} type
   * @param {number | undefined} value
   */
  attributeU8(type, value) {
    if (value !== undefined) this.attribute(type, () => this.u8(value));
  }

  /**
   * @param {number} type
   * @param {number | undefined} value
   */
  attributeU32(type, value) {
    if (value !== undefined) this.attribute(type, () => this.u32(value));
  }

  /**
   * @param {number} type
   * @param {string | undefined} value written with a zero byte at its end
   */
  attributeText(type, value) {
    if (value !== undefined) this.attribute(type, () => this.raw(Buffer.from(`${value}\0`)));
  }

  /**
   * @param {number} type
   * @param {Uint8Array | undefined} value
   */
  attributeBytes(type, value) {
    if (value !== undefined) this.attribute(type, () => this.raw(value));
  }

  /** @param {number} count */
  #reserve(count) {
    if (this.#length + count <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#length + count));
    this.#buffer.copy(larger);
    this.#buffer = larger;
  }
}

const PADDING = /** @type {const} */ ([
  Buffer.alloc(0),
  Buffer.alloc(1),
  Buffer.alloc(2),
  Buffer.alloc(3),
]);
