import { bytes, checksum, ETHERNET } from './packets.js';

const MORE = 0x2000;
const HEADER_V6 = 40;
const FRAGMENT_V6 = 44;

/** A piece of a packet: the first with the whole frame in it, a later one (`offset` in 8 bytes) with nothing that it was. */
export function fragmentOf(frame: Uint8Array, id: number, offset = 0): Uint8Array {
  const isIPv6 = frame[ETHERNET]! >> 4 === 6;
  const length = isIPv6 ? HEADER_V6 : 20;
  const header = frame.slice(0, ETHERNET + length);
  const body = offset === 0 ? frame.subarray(ETHERNET + length) : new Uint8Array(24);
  const view = new DataView(header.buffer);
  if (isIPv6) {
    const bits = offset === 0 ? 1 : offset << 3;
    const extension = [header[20]!, 0, bits >> 8, bits & 0xff, 0, 0, id >> 8, id & 0xff];
    view.setUint16(18, extension.length + body.length);
    view.setUint8(20, FRAGMENT_V6);
    return bytes(header, extension, body);
  }
  view.setUint16(16, length + body.length);
  view.setUint16(18, id);
  view.setUint16(20, offset === 0 ? MORE : offset);
  view.setUint16(24, 0);
  view.setUint16(24, checksum(header.subarray(ETHERNET)));
  return bytes(header, body);
}
