import ipaddr from 'ipaddr.js';
import { canonicalName } from '../../model/fqdn.js';
import { formatAddress, parseAddress } from '../../model/prefix.js';
import type { Answer } from 'dns-packet';
import { decodeWhole, type Query } from './query.js';
import { RCODE, readHeader, readQuestion, sameQuestion } from './wire.js';

/** Where a name is, as an answer says. */
export interface Learned {
  /** That was asked for: small letters, without the dot of the root. */
  readonly name: string;
  /** Sorted, each once, never empty. */
  readonly addresses: readonly string[];
  /** Seconds: the shortest of the records that led to them. */
  readonly ttl: number;
}

/**
 * Whether a message with the id of what was sent answers it. Servers that do not understand a query
 * may leave the question out.
 */
export function answers(message: Buffer, id: number, question: Buffer): boolean {
  const header = readHeader(message);
  if (header?.isResponse !== true || header.id !== id || header.opcode !== 0) return false;
  if (header.questions === 0) {
    return header.rcode !== RCODE.NOERROR && header.answers === 0;
  }
  const echoed = header.questions === 1 ? readQuestion(message) : undefined;
  return echoed !== undefined && sameQuestion(echoed.bytes, question);
}

/** What an answer says; undefined when it is malformed. `learned` is absent where it names no address. */
export function readAnswer(
  message: Buffer,
  query: Query,
): { readonly rcode: number; readonly learned?: Learned } | undefined {
  const header = readHeader(message);
  if (header === undefined) return undefined;
  const { rcode } = header;
  if (rcode !== RCODE.NOERROR || header.answers === 0) return { rcode };
  const records = decodeWhole(message)?.answers;
  if (records === undefined) return undefined;
  const { names: chain, ttls } = namesOf(query.name, records);
  const addresses = new Set<string>();
  for (const record of records) {
    if (record.type !== 'A' && record.type !== 'AAAA') continue;
    if (record.class !== 'IN' || !chain.has(canonicalName(record.name))) continue;
    const address = parseAddress(record.data);
    if (address === undefined || address.family !== (record.type === 'A' ? 4 : 6)) continue;
    const text = formatAddress(address);
    if (isNobodys(text)) continue;
    addresses.add(text);
    ttls.push(record.ttl ?? 0);
  }
  if (addresses.size === 0) return { rcode };
  const learned = { name: query.name, addresses: [...addresses].sort(), ttl: Math.min(...ttls) };
  return { rcode, learned };
}

const NOBODYS = ['unspecified', 'broadcast', 'multicast', 'linkLocal', 'loopback'];

/**
 * Addresses that mean another one to everybody, 169.254.169.254 for example: no name is a reason to let
 * anybody go there.
 */
function isNobodys(address: string): boolean {
  return NOBODYS.includes(ipaddr.parse(address).range());
}

/** The name that was asked for, what it is another name of, and so on, with the times of these records. */
function namesOf(
  asked: string,
  records: readonly Answer[],
): { readonly names: ReadonlySet<string>; readonly ttls: number[] } {
  const aliases = new Map<string, { target: string; ttl: number }[]>();
  for (const record of records) {
    if (record.type !== 'CNAME' || record.class !== 'IN') continue;
    const name = canonicalName(record.name);
    const known = aliases.get(name) ?? [];
    known.push({ target: canonicalName(record.data), ttl: record.ttl ?? 0 });
    aliases.set(name, known);
  }
  const names = new Set([asked]);
  const ttls: number[] = [];
  // a set is walked in the order of insertion, what is added on the way included
  for (const name of names) {
    for (const { target, ttl } of aliases.get(name) ?? []) {
      names.add(target);
      ttls.push(ttl);
    }
  }
  return { names, ttls };
}
