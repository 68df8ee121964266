/** Frames of HTTP/2 as bytes (RFC 9113), of headers that no library would send. */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const GOAWAY = 7;
const CONTINUATION = 9;
const END_STREAM = 1;
const END_HEADERS = 4;

export type Fields = readonly (readonly [name: string, value: string])[];

export interface Stream {
  readonly fields: Fields;
  readonly body?: string;
  /** Sends the fields in as many frames. Default: 1. */
  readonly frames?: number;
}

/** All that a client sends: preface, settings, and streams 1, 3, 5... */
export function http2(...streams: readonly Stream[]): Buffer {
  const parts = streams.flatMap(({ fields, body, frames = 1 }, i) => {
    const id = 2 * i + 1;
    const block = Buffer.concat(fields.map(([name, value]) => field(name, value)));
    const size = Math.ceil(block.length / frames);
    const blocks = Array.from({ length: frames }, (_, n) =>
      block.subarray(n * size, (n + 1) * size),
    );
    const end = body === undefined ? END_STREAM : 0;
    const headers = blocks.map((part, n) =>
      frame(
        n === 0 ? HEADERS : CONTINUATION,
        (n === 0 ? end : 0) | (n === frames - 1 ? END_HEADERS : 0),
        id,
        part,
      ),
    );
    return body === undefined
      ? headers
      : [...headers, frame(DATA, END_STREAM, id, Buffer.from(body, 'latin1'))];
  });
  return Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0, Buffer.alloc(0)), ...parts]);
}

/** A request's fields; what is given comes instead, or in addition. */
export function request(path: string, given: Record<string, string> = {}): Fields {
  const fields = {
    ':method': 'GET',
    ':scheme': 'http',
    ':authority': 'good.example',
    ':path': path,
  };
  return Object.entries({ ...fields, ...given });
}

function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(bytes.length), bytes]);
}

/** HPACK's integers with a prefix of 7 bits (RFC 7541, 5.1). */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Statuses of streams in the order of their answers; 0 for one that was reset, or all that were given up. */
export function http2Statuses(received: Buffer): number[] {
  const found = new Map<number, number>();
  for (let at = 0; at + 9 <= received.length;) {
    const length = received.readUIntBE(at, 3);
    const type = received.readUInt8(at + 3);
    const stream = received.readUInt32BE(at + 5);
    const payload = received.subarray(at + 9, at + 9 + length);
    const isAnswered = found.has(stream);
    if (type === HEADERS && !isAnswered) found.set(stream, statusOf(payload));
    if (type === RST_STREAM && !isAnswered) found.set(stream, 0);
    if (type === GOAWAY && found.size === 0) found.set(stream, 0);
    at += 9 + length;
  }
  return [...found.values()];
}

/** RFC 7541, appendix A. */
const INDEXED = [200, 204, 206, 304, 400, 404, 500];

function statusOf(block: Buffer): number {
  let at = 0;
  while (((block[at] ?? 0) & 0xe0) === 0x20) at++;
  const first = block[at] ?? 0;
  if (first >= 0x88 && first <= 0x8e) return INDEXED[first - 0x88]!;
  if ((first & 0x3f) !== 8) throw new Error(`a status like ${block.toString('hex')}`);
  return Number(block.subarray(at + 2, at + 5).toString('latin1'));
}
