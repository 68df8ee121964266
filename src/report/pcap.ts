import type { ExplainedEvent } from './event.js';

// The format is that of draft-ietf-opsawg-pcap: a header of 24 bytes, then records of 16 and the packet.

/** Says that times are in nanoseconds. */
const MAGIC = 0xa1b23c4d;
const LINKTYPE_ETHERNET = 1;
const SNAPLEN = 65_535;

/** What a pcap file begins with, little-endian, times in nanoseconds. */
export function pcapHeader(): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(SNAPLEN, 16);
  header.writeUInt32LE(LINKTYPE_ETHERNET, 20);
  return header;
}

/** The packet of an event; undefined when the event has no bytes. */
export function pcapRecord({ unixTime, length, bytes }: ExplainedEvent): Uint8Array | undefined {
  if (bytes === undefined) return undefined;
  const data = Buffer.from(bytes, 'hex');
  const [seconds, nanoseconds] = unixTime.split('.').map(Number);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(seconds ?? 0, 0);
  head.writeUInt32LE(nanoseconds ?? 0, 4);
  head.writeUInt32LE(data.length, 8);
  head.writeUInt32LE(Math.max(length, data.length), 12);
  return Buffer.concat([head, data]);
}
