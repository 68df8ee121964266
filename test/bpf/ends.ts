import { formatAddress } from '../../src/state/address.js';
import { ETHERNET } from './packets.js';

/** Addresses and ports of a frame with TCP or UDP, as they are on the wire. */
export interface Ends {
  readonly source: string;
  readonly destination: string;
  readonly ports: readonly [number, number];
}

/** @throws Error when the checksum of an IPv4 header is wrong. */
export function endsOf(frame: Uint8Array): Ends {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const isIPv6 = view.getUint8(ETHERNET) >> 4 === 6;
  const length = isIPv6 ? 40 : (view.getUint8(ETHERNET) & 0xf) * 4;
  if (!isIPv6 && sumOf(frame.subarray(ETHERNET, ETHERNET + length)) !== 0xffff)
    throw new Error('the checksum of the IPv4 header is wrong');
  const [from, to] = isIPv6 ? [8, 24] : [12, 16];
  const at = (offset: number): string => {
    const start = ETHERNET + offset;
    if (isIPv6) return formatAddress(frame, start);
    const mapped = new Uint8Array(16).fill(0xff, 10, 12);
    mapped.set(frame.subarray(start, start + 4), 12);
    return formatAddress(mapped, 0);
  };
  const ports = ETHERNET + length;
  return {
    source: at(from),
    destination: at(to),
    ports: [view.getUint16(ports), view.getUint16(ports + 2)],
  };
}

function sumOf(header: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += ((header[i] ?? 0) << 8) | (header[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
