import { parseAddress } from '../../src/state/address.js';

/** IP protocol numbers that tests name. */
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, gre: 47, icmpv6: 58, sctp: 132 } as const;

const TCP_FLAG = { F: 0x01, S: 0x02, R: 0x04, P: 0x08, A: 0x10 } as const;

/** An Ethernet frame with an IP packet in it. The family follows from the addresses. */
export interface PacketSpec {
  readonly source: string;
  readonly destination: string;
  /** IP protocol number, or for IPv6 the next header. */
  readonly protocol: number;
  /** What stands behind the IP header. Default: nothing. */
  readonly body?: Uint8Array;
  /** IPv4 options, padded with zeros to a multiple of 4 bytes. */
  readonly options?: Uint8Array;
  /** IPv4 flags and fragment offset, 16 bits. Default 0. */
  readonly fragment?: number;
  /** Default: that of the family. */
  readonly ethertype?: number;
}

/** Lengths and the checksum of the IPv4 header are right; checksums of transports are zero. */
export function packet(spec: PacketSpec): Uint8Array {
  const v6 = spec.source.includes(':');
  const body = spec.body ?? new Uint8Array(0);
  const header = v6 ? ipv6Header(spec, body.length) : ipv4Header(spec, body.length);
  return bytes(
    [0x02, 0, 0, 0, 0, 0xfe, 0x02, 0, 0, 0, 0, 0x01],
    be16(spec.ethertype ?? (v6 ? 0x86dd : 0x0800)),
    header,
    body,
  );
}

/** `flags` are letters of FSRPA; default `S`. */
export function tcp(
  source: string,
  destination: string,
  [sourcePort, destinationPort]: readonly [number, number],
  flags = 'S',
): Uint8Array {
  const bits = Array.from(flags).reduce((sum, letter) => sum | TCP_FLAG[letter as 'F'], 0);
  const body = bytes(be16(sourcePort), be16(destinationPort), new Uint8Array(8), [0x50, bits]);
  return packet({
    source,
    destination,
    protocol: PROTOCOL.tcp,
    body: bytes(body, [64, 0, 0, 0, 0, 0]),
  });
}

export function udp(
  source: string,
  destination: string,
  [sourcePort, destinationPort]: readonly [number, number],
): Uint8Array {
  const body = bytes(be16(sourcePort), be16(destinationPort), be16(8), be16(0));
  return packet({ source, destination, protocol: PROTOCOL.udp, body });
}

export function sctp(
  source: string,
  destination: string,
  [sourcePort, destinationPort]: readonly [number, number],
): Uint8Array {
  const body = bytes(be16(sourcePort), be16(destinationPort), new Uint8Array(8));
  return packet({ source, destination, protocol: PROTOCOL.sctp, body });
}

/** ICMP or ICMPv6, by family; `id` is that of an echo. */
export function icmp(
  source: string,
  destination: string,
  {
    type,
    code = 0,
    id = 0,
  }: { readonly type: number; readonly code?: number; readonly id?: number },
): Uint8Array {
  const protocol = source.includes(':') ? PROTOCOL.icmpv6 : PROTOCOL.icmp;
  const body = bytes([type, code], be16(0), be16(id), be16(1));
  return packet({ source, destination, protocol, body });
}

/** An echo request or, with `reply`, what answers it. */
export function echo(source: string, destination: string, id: number, reply = false): Uint8Array {
  const request = source.includes(':') ? 128 : 8;
  const answer = source.includes(':') ? 129 : 0;
  return icmp(source, destination, { type: reply ? answer : request, id });
}

/** The same frame with `change` made at an offset from its start. */
export function patched(
  frame: Uint8Array,
  offset: number,
  ...change: readonly number[]
): Uint8Array {
  const copy = frame.slice();
  copy.set(change, offset);
  return copy;
}

export const ETHERNET = 14;

function ipv4Header(
  { source, destination, protocol, options = new Uint8Array(0), fragment = 0 }: PacketSpec,
  length: number,
): Uint8Array {
  const words = 5 + Math.ceil(options.length / 4);
  const header = bytes(
    [0x40 | words, 0],
    be16(words * 4 + length),
    be16(1),
    be16(fragment),
    [64, protocol],
    be16(0),
    parseAddress(source).subarray(12),
    parseAddress(destination).subarray(12),
    options,
    new Uint8Array(words * 4 - 20 - options.length),
  );
  header.set(be16(checksum(header)), 10);
  return header;
}

function ipv6Header({ source, destination, protocol }: PacketSpec, length: number): Uint8Array {
  return bytes(
    [0x60, 0, 0, 0],
    be16(length),
    [protocol, 64],
    parseAddress(source),
    parseAddress(destination),
  );
}

/** Of an IPv4 header whose own checksum is zero. */
export function checksum(header: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += ((header[i] ?? 0) << 8) | (header[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function be16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

/** One array out of several. */
export function bytes(...parts: readonly ArrayLike<number>[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}
