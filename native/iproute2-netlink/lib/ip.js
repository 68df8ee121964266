import { isIPv4, isIPv6 } from 'node:net';
import { invalid } from './error.js';

export const AF_INET = 2;
export const AF_INET6 = 10;

/** @typedef {'inet' | 'inet6'} Family */

/** @param {Family} family */
export const familyNumber = (family) => (family === 'inet' ? AF_INET : AF_INET6);

/**
 * @param {number} number
 * @returns {Family}
 */
export const familyName = (number) => (number === AF_INET ? 'inet' : 'inet6');

/**
 * @param {string} text
 * @returns {{ family: Family, bytes: Buffer }} 4 or 16 bytes in network order
 */
export function parseIp(text) {
  if (isIPv4(text)) return { family: 'inet', bytes: Buffer.from(text.split('.').map(Number)) };
  if (!isIPv6(text) || text.includes('%')) throw invalid(`not an IP address: ${text}`);
  return { family: 'inet6', bytes: parseIPv6(text) };
}

const MAPPED = Buffer.from('00000000000000000000ffff', 'hex');

/**
 * @param {string} text
 * @returns {Buffer} 16 bytes, IPv4 mapped
 */
export function parseMapped(text) {
  const { family, bytes } = parseIp(text);
  return family === 'inet' ? Buffer.concat([MAPPED, bytes]) : bytes;
}

/** @param {Buffer} bytes 16 */
export function formatMapped(bytes) {
  return formatIp(bytes.subarray(0, 12).equals(MAPPED) ? bytes.subarray(12) : bytes);
}

/** @param {string} text a valid IPv6 address */
function parseIPv6(text) {
  const bytes = Buffer.alloc(16);
  const [head = '', tail] = text.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  before.forEach((group, i) => bytes.writeUInt16BE(group, 2 * i));
  after.forEach((group, i) => bytes.writeUInt16BE(group, 16 - 2 * (after.length - i)));
  return bytes;
}

/** @param {string} text groups between colons, the last possibly a dotted IPv4 address */
function groupsOf(text) {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

/**
 * @param {Uint8Array} bytes 4 or 16
 * @returns {string} IPv6 as RFC 5952 writes it
 */
export function formatIp(bytes) {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from(
    { length: 8 },
    (_, i) => (at(bytes, 2 * i) << 8) | at(bytes, 2 * i + 1),
  );
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) {
    return `::ffff:${bytes.subarray(12).join('.')}`;
  }
  const zeros = longestZeros(groups);
  const hex = groups.map((g) => g.toString(16));
  if (zeros.length < 2) return hex.join(':');
  const head = hex.slice(0, zeros.start).join(':');
  return `${head}::${hex.slice(zeros.start + zeros.length).join(':')}`;
}

/** @param {number[]} groups */
function longestZeros(groups) {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/**
 * @param {string} text address with or without a length
 * @returns {{ family: Family, bytes: Buffer, length: number }}
 */
export function parseCidr(text) {
  const [address = '', length, ...rest] = text.split('/');
  const { family, bytes } = parseIp(address);
  const bits = bytes.length * 8;
  if (length === undefined) return { family, bytes, length: bits };
  if (rest.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > bits) {
    throw invalid(`not a prefix: ${text}`);
  }
  return { family, bytes, length: Number(length) };
}

/**
 * @param {Uint8Array | undefined} bytes absent: all zero
 * @param {number} length
 * @param {Family} family
 */
export function formatCidr(bytes, length, family) {
  return `${formatIp(bytes ?? Buffer.alloc(family === 'inet' ? 4 : 16))}/${length}`;
}

/** @param {string} text six bytes in hex, with colons */
export function parseMac(text) {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) throw invalid(`not a MAC address: ${text}`);
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}

/** @param {Uint8Array} bytes */
export function formatMac(bytes) {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(':');
}

/**
 * @param {Uint8Array} bytes
 * @param {number} i
 */
function at(bytes, i) {
  return bytes[i] ?? 0;
}
