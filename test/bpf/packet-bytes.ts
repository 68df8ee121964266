import { parseAddress } from '../../src/state/address.js';

/** What a test packet says; ICMP has type << 8 | code for a destination port, and its id for a source port. */
export interface Wire {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

const TCP = 6;
const WITH_PORTS = [TCP, 17, 132];
const ICMP = [1, 58];
const SYN = 2;
/** Enough for the header of every protocol. */
const PAYLOAD = 40;

/** An Ethernet frame; checksums are zero, which the datapath does not look at. */
export function bytesOf({ source, destination, protocol, sourcePort, destinationPort }: Wire) {
  const isIPv6 = source.includes(':');
  const header = isIPv6 ? 40 : 20;
  const frame = new Uint8Array(14 + header + PAYLOAD);
  const view = new DataView(frame.buffer);
  view.setUint16(12, isIPv6 ? 0x86dd : 0x0800);
  const [from, to] = [parseAddress(source), parseAddress(destination)];
  if (isIPv6) {
    view.setUint8(14, 0x60);
    view.setUint16(18, PAYLOAD);
    view.setUint8(20, protocol);
    view.setUint8(21, 64);
    frame.set(from, 22);
    frame.set(to, 38);
  } else {
    view.setUint8(14, 0x45);
    view.setUint16(16, header + PAYLOAD);
    view.setUint8(22, 64);
    view.setUint8(23, protocol);
    frame.set(from.subarray(12), 26);
    frame.set(to.subarray(12), 30);
  }
  const at = 14 + header;
  if (WITH_PORTS.includes(protocol)) {
    view.setUint16(at, sourcePort);
    view.setUint16(at + 2, destinationPort);
    if (protocol === TCP) view.setUint8(at + 13, SYN);
  }
  if (ICMP.includes(protocol)) {
    view.setUint16(at, destinationPort);
    view.setUint16(at + 4, sourcePort);
  }
  return frame;
}
