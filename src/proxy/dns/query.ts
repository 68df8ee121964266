import packet, { type DecodedPacket } from 'dns-packet';
import { emptyAnswer, readHeader, readQuestion, type RcodeName } from './wire.js';

/** A question that may be asked of a server, if the policy lets it. */
export interface Query {
  readonly message: Buffer;
  readonly id: number;
  /** As it stands in the message. */
  readonly question: Buffer;
  /** Small letters, without the dot of the root. */
  readonly name: string;
  /** `A`, `AAAA`...; `UNKNOWN_65` for a type without a name here. */
  readonly type: string;
  readonly edns: boolean;
  /** Bytes of the longest answer by UDP. */
  readonly longest: number;
}

/** What is no such question, and what it is answered with; without an answer it is dropped. */
export interface BadQuery {
  readonly problem: string;
  readonly rcode?: RcodeName;
  readonly answer?: Buffer;
}

const PLAIN_LONGEST = 512;
/** Longer ones are not asked: there is one name and a few options in a query. */
export const LONGEST_QUERY = 4096;
/** More than one message answers them, and they ask for a whole zone. */
const TRANSFERS = ['AXFR', 'IXFR'];

export function parseQuery(message: Buffer): Query | BadQuery {
  const header = readHeader(message);
  if (header === undefined) return { problem: 'shorter than a header' };
  if (header.isResponse) return { problem: 'an answer' };
  const question = header.questions === 0 ? undefined : readQuestion(message);
  const bad = (problem: string, rcode: RcodeName): BadQuery => {
    const echoed = header.questions === 1 ? question?.bytes : undefined;
    const edns = header.additionals > 0;
    return { problem, rcode, answer: emptyAnswer(message, rcode, { question: echoed, edns }) };
  };
  if (header.opcode !== 0) return bad('not a query', 'NOTIMP');
  if (header.questions > 1) return bad('several questions', 'REFUSED');
  if (message.length > LONGEST_QUERY) return bad('too long', 'FORMERR');
  if (question === undefined) return bad('no question', 'FORMERR');
  if (header.answers + header.authorities > 0 || header.truncated) {
    return bad('records of an answer', 'FORMERR');
  }
  const decoded = decodeWhole(message);
  const [asked] = decoded?.questions ?? [];
  if (decoded === undefined || asked === undefined) return bad('malformed', 'FORMERR');
  const { additionals = [] } = decoded;
  const [opt] = additionals;
  if (additionals.length > 1 || (opt !== undefined && opt.type !== 'OPT')) {
    return bad('additional records', 'FORMERR');
  }
  if (question.name === undefined) return bad('not the name of a host', 'REFUSED');
  if (asked.class !== 'IN') return bad('not of the internet', 'REFUSED');
  if (TRANSFERS.includes(asked.type)) return bad('a transfer of a zone', 'REFUSED');
  return {
    ...{ message, id: header.id, question: question.bytes, name: question.name, type: asked.type },
    edns: opt !== undefined,
    longest: Math.max(PLAIN_LONGEST, opt?.type === 'OPT' ? opt.udpPayloadSize : 0),
  };
}

/** Undefined for what is malformed, or followed by something else. */
export function decodeWhole(message: Buffer): DecodedPacket | undefined {
  try {
    const decoded = packet.decode(message);
    return packet.decode.bytes === message.length ? decoded : undefined;
  } catch {
    return undefined;
  }
}
