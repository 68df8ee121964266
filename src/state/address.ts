import ipaddr from 'ipaddr.js';

/** Bytes of an address in every map: IPv6, IPv4 mapped (`::ffff:a.b.c.d`). */
export const ADDRESS_SIZE = 16;

const DECIMAL = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/**
 * Writes an address given as text: IPv4 in dotted form, IPv6 in any form without a zone.
 * @throws RangeError for anything else.
 */
export function writeAddress(text: string, bytes: Uint8Array, offset = 0): void {
  const dotted = DECIMAL.exec(text);
  if (dotted !== null) {
    bytes.fill(0, offset, offset + 10);
    bytes[offset + 10] = bytes[offset + 11] = 0xff;
    for (let i = 0; i < 4; i++) {
      const part = dotted[i + 1] ?? '';
      if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) throw notAnAddress(text);
      bytes[offset + 12 + i] = Number(part);
    }
    return;
  }
  if (!ipaddr.IPv6.isValid(text) || text.includes('%')) throw notAnAddress(text);
  bytes.set(ipaddr.IPv6.parse(text).toByteArray(), offset);
}

/** An address as 16 bytes. @throws RangeError when the text is no address. */
export function parseAddress(text: string): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_SIZE);
  writeAddress(text, bytes);
  return bytes;
}

/** Text of 16 bytes at `offset`: dotted for IPv4, else IPv6 in the form of RFC 5952. */
export function formatAddress(bytes: Uint8Array, offset = 0): string {
  if (isMapped(bytes, offset)) {
    const at = offset + 12;
    return `${bytes[at] ?? 0}.${bytes[at + 1] ?? 0}.${bytes[at + 2] ?? 0}.${bytes[at + 3] ?? 0}`;
  }
  const parts = [...bytes.subarray(offset, offset + ADDRESS_SIZE)];
  return new ipaddr.IPv6(parts).toRFC5952String();
}

/** The same address in its one canonical text. @throws RangeError */
export function canonicalAddress(text: string): string {
  return formatAddress(parseAddress(text));
}

/**
 * `address/length` in canonical text, host bits kept. A bare address is a host prefix.
 * @throws RangeError when it is neither.
 */
export function canonicalPrefix(text: string): string {
  const slash = text.indexOf('/');
  const address = canonicalAddress(slash < 0 ? text : text.slice(0, slash));
  const most = address.includes(':') ? 128 : 32;
  if (slash < 0) return `${address}/${most}`;
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length) || Number(length) > most) throw notAnAddress(text);
  return `${address}/${Number(length)}`;
}

function isMapped(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[offset + i] !== 0) return false;
  return bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff;
}

function notAnAddress(text: string): RangeError {
  return new RangeError(`not an IP address: ${text}`);
}
