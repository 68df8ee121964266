const HEADER = 16;
const TYPE_MASK = 0x3fff;

/**
 * @param {Buffer} buffer messages one after the other
 * @returns {Generator<{ type: number, body: Buffer }>} body: what follows the netlink header
 */
export function* messagesOf(buffer) {
  for (let at = 0; at + HEADER <= buffer.length;) {
    const length = buffer.readUInt32LE(at);
    yield { type: buffer.readUInt16LE(at + 4), body: buffer.subarray(at + HEADER, at + length) };
    at += (length + 3) & ~3;
  }
}

/** The attributes of a message or of a nest; where a type is there twice, the last. */
export class Attributes {
  /** @type {Map<number, Buffer>} */
  #payloads = new Map();

  /** @param {Buffer} buffer @param {number} [start] where the attributes begin */
  constructor(buffer, start = 0) {
    for (let at = start; at + 4 <= buffer.length;) {
      const length = buffer.readUInt16LE(at);
      if (length < 4) break;
      const type = buffer.readUInt16LE(at + 2) & TYPE_MASK;
      this.#payloads.set(type, buffer.subarray(at + 4, at + length));
      at += (length + 3) & ~3;
    }
  }

  /** @param {number} type */
  bytes(type) {
    return this.#payloads.get(type);
  }

  /** @param {number} type */
  u8(type) {
    return this.#payloads.get(type)?.readUInt8();
  }

  /** @param {number} type */
  u32(type) {
    return this.#payloads.get(type)?.readUInt32LE();
  }

  /** @param {number} type */
  i32(type) {
    return this.#payloads.get(type)?.readInt32LE();
  }

  /** @param {number} type */
  text(type) {
    const payload = this.#payloads.get(type);
    return payload?.toString('utf8', 0, payload.at(-1) === 0 ? payload.length - 1 : payload.length);
  }

  /** @param {number} type */
  nest(type) {
    const payload = this.#payloads.get(type);
    return payload === undefined ? undefined : new Attributes(payload);
  }
}

/**
 * Leaves out what is undefined, so that absent and unset are one thing.
 * @template {object} T
 * @param {T} object
 * @returns {T}
 */
export function compact(object) {
  return /** @type {T} */ (
    Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
  );
}
