/** What is fixed in every message of the DNS (RFC 1035, section 4.1). Offsets and lengths are bytes. */
export const HEADER_BYTES = 12;

export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NOTIMP: 4, REFUSED: 5 } as const;
export type RcodeName = keyof typeof RCODE;

const RESPONSE = 1 << 15;
const TRUNCATED = 1 << 9;
const RECURSION_DESIRED = 1 << 8;
const LONGEST_NAME = 255;
const TYPE_AND_CLASS = 4;

export interface Header {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly truncated: boolean;
  readonly rcode: number;
  readonly questions: number;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
}

/** Undefined for what is shorter than a header. */
export function readHeader(message: Buffer): Header | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const flags = message.readUInt16BE(2);
  return {
    id: message.readUInt16BE(0),
    isResponse: (flags & RESPONSE) !== 0,
    opcode: (flags >> 11) & 0xf,
    truncated: (flags & TRUNCATED) !== 0,
    rcode: flags & 0xf,
    questions: message.readUInt16BE(4),
    answers: message.readUInt16BE(6),
    authorities: message.readUInt16BE(8),
    additionals: message.readUInt16BE(10),
  };
}

/** The first question as it stands in the message. */
export interface RawQuestion {
  readonly bytes: Buffer;
  /** Small letters, without the dot of the root; undefined if a host could not have it. */
  readonly name: string | undefined;
}

const HOST_LABEL = /^[-a-z0-9_]+$/;

/**
 * Undefined when it is cut off, too long, or points elsewhere. Names are read here because a label
 * may hold a dot, which no text of a name tells from the end of the label.
 */
export function readQuestion(message: Buffer): RawQuestion | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString('latin1', at, at + length).toLowerCase());
    at += length;
  }
  const end = at + TYPE_AND_CLASS;
  if (end > message.length || at - HEADER_BYTES > LONGEST_NAME) return undefined;
  const isName = labels.length > 0 && labels.every((label) => HOST_LABEL.test(label));
  return {
    bytes: message.subarray(HEADER_BYTES, end),
    name: isName ? labels.join('.') : undefined,
  };
}

/** Whether both ask the same; servers may change the case of letters. */
export function sameQuestion(a: Buffer, b: Buffer): boolean {
  if (a.length !== b.length) return false;
  const split = a.length - TYPE_AND_CLASS;
  const lower = (bytes: Buffer): string => bytes.toString('latin1', 0, split).toLowerCase();
  return lower(a) === lower(b) && a.subarray(split).equals(b.subarray(split));
}

/** A copy with another id. */
export function withId(message: Buffer, id: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  return copy;
}

/** OPT of a server with 1232 bytes for UDP, and the code "prohibited" of RFC 8914 for a refusal. */
const OPT = Buffer.from('00002904d0000000000000', 'hex');
const OPT_PROHIBITED = Buffer.from('00002904d0000000000006000f00020012', 'hex');

/** An answer without records: the query's id, opcode and question, if there is one to echo. */
export function emptyAnswer(
  query: Buffer,
  rcode: RcodeName,
  { question, edns }: { question?: Buffer | undefined; edns: boolean },
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const flags = query.readUInt16BE(2);
  const opcode = flags & (0xf << 11);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  header.writeUInt16BE(RESPONSE | opcode | (flags & RECURSION_DESIRED) | RCODE[rcode], 2);
  header.writeUInt16BE(question === undefined ? 0 : 1, 4);
  header.writeUInt16BE(edns ? 1 : 0, 10);
  const opt = rcode === 'REFUSED' ? OPT_PROHIBITED : OPT;
  return Buffer.concat([header, question ?? Buffer.alloc(0), edns ? opt : Buffer.alloc(0)]);
}

/** What fits of an answer that does not: its header and question, marked as cut off. */
export function truncatedAnswer(answer: Buffer, question: Buffer): Buffer {
  const header = Buffer.from(answer.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(header.readUInt16BE(2) | TRUNCATED, 2);
  header.writeUInt16BE(1, 4);
  header.fill(0, 6);
  return Buffer.concat([header, question]);
}

const RCODE_NAMES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

/** `NXDOMAIN`; `RCODE11` for one that is seldom seen. */
export function rcodeName(rcode: number): string {
  return RCODE_NAMES[rcode] ?? `RCODE${String(rcode)}`;
}
