/** Messages of the DNS in a stream: each has its length before it, two bytes (RFC 1035, 4.2.2). */
export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Puts messages together again, however they were cut. Never holds more than one and a piece. */
export class Unframer {
  #held: Buffer = Buffer.alloc(0);

  /** The messages that are whole with this piece. */
  push(piece: Buffer): Buffer[] {
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    const messages: Buffer[] = [];
    let at = 0;
    while (at + 2 <= this.#held.length) {
      const end = at + 2 + this.#held.readUInt16BE(at);
      if (end > this.#held.length) break;
      messages.push(this.#held.subarray(at + 2, end));
      at = end;
    }
    this.#held = Buffer.from(this.#held.subarray(at));
    return messages;
  }
}
