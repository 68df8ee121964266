import ipaddr from 'ipaddr.js';

/** An address as a number. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A range of addresses; `value` is its first one only if no host bits are set. */
export interface Prefix extends Address {
  readonly length: number;
}

const DOTTED = /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/;

/**
 * IPv4 in dotted decimal, or IPv6 without a zone; undefined for anything else. IPv4 written as IPv6
 * (`::ffff:10.1.0.1`) is refused: it would be a second text for the same address.
 */
export function parseAddress(text: string): Address | undefined {
  if (DOTTED.test(text) && ipaddr.IPv4.isValid(text)) {
    return { family: 4, value: toNumber(ipaddr.IPv4.parse(text).toByteArray()) };
  }
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  if (address.isIPv4MappedAddress()) return undefined;
  return { family: 6, value: toNumber(address.toByteArray()) };
}

/** `address/length`, host bits kept; undefined for anything else, also for a bare address. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = parseAddress(match?.[1] ?? '');
  const length = Number(match?.[2]);
  if (address === undefined || length > bits(address)) return undefined;
  return { ...address, length };
}

/** The same range without host bits. */
export function networkOf(prefix: Prefix): Prefix {
  const free = BigInt(bits(prefix) - prefix.length);
  return { ...prefix, value: (prefix.value >> free) << free };
}

/** Whether the address is in the range. */
export function contains(prefix: Prefix, address: Address): boolean {
  const free = BigInt(bits(prefix) - prefix.length);
  return prefix.family === address.family && prefix.value >> free === address.value >> free;
}

/** Whether any address is in both. */
export function overlap(a: Prefix, b: Prefix): boolean {
  return a.length <= b.length ? contains(a, b) : contains(b, a);
}

/**
 * The first address that a host may have: the one after the network's own, except where a range is
 * too small to have one for itself (RFC 3021, RFC 6164).
 */
export function firstUsable(prefix: Prefix): string {
  const { family, value } = networkOf(prefix);
  const spare = bits(prefix) - prefix.length >= 2;
  return formatAddress({ family, value: spare ? value + 1n : value });
}

/** Dotted decimal, or IPv6 in the form of RFC 5952. */
export function formatAddress({ family, value }: Address): string {
  const bytes = Array.from({ length: family === 4 ? 4 : 16 }, (_, i, count = bits({ family })) =>
    Number((value >> BigInt(count - 8 * (i + 1))) & 0xffn),
  );
  return family === 4
    ? new ipaddr.IPv4(bytes).toString()
    : new ipaddr.IPv6(bytes).toRFC5952String();
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix)}/${String(prefix.length)}`;
}

function bits({ family }: Pick<Address, 'family'>): number {
  return family === 4 ? 32 : 128;
}

function toNumber(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
