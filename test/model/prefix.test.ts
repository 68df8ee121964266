import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contains,
  firstUsable,
  formatAddress,
  formatPrefix,
  networkOf,
  overlap,
  parseAddress,
  parsePrefix,
  type Prefix,
} from '../../src/model/prefix.js';

const prefixes = fc
  .constantFrom(4 as const, 6 as const)
  .chain((family) =>
    fc.record({
      family: fc.constant(family),
      // Not IPv4 inside IPv6, which has no text of its own.
      value: fc.bigInt({ min: 0n, max: family === 4 ? 2n ** 32n - 1n : 2n ** 128n - 1n }),
      length: fc.integer({ min: 0, max: family === 4 ? 32 : 128 }),
    }),
  )
  .filter(({ family, value }) => family === 4 || value >> 32n !== 0xffffn);

function parsed(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(`no prefix: ${text}`);
  return prefix;
}

describe('an address', () => {
  test('comes back from its text', () => {
    fc.assert(
      fc.property(prefixes, (prefix) => {
        expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix);
        const { family, value } = prefix;
        expect(parseAddress(formatAddress(prefix))).toEqual({ family, value });
      }),
    );
  });

  test.each([
    '10.1.0',
    '10.1.0.256',
    '10.01.0.1',
    '0x0a.1.0.1',
    '167837697',
    ' 10.1.0.1',
    'fe80::1%eth0',
    '::ffff:10.1.0.1',
    '1::2::3',
    '',
    'xwing',
  ])('is not %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
    expect(parsePrefix(`${text}/8`)).toBeUndefined();
  });

  test.each([
    '10.1.0.0',
    '10.1.0.0/33',
    '10.1.0.0/-1',
    '10.1.0.0/08',
    '10.1.0.0/',
    'fd00::/129',
    '/8',
  ])('with a length is not %j', (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  });
});

describe('a prefix', () => {
  test('contains what has the same first bits, and its own ends', () => {
    fc.assert(
      fc.property(prefixes, (prefix) => {
        const network = networkOf(prefix);
        const size = 1n << BigInt((prefix.family === 4 ? 32 : 128) - prefix.length);
        expect(contains(prefix, prefix)).toBe(true);
        expect(contains(prefix, { ...network, value: network.value + size - 1n })).toBe(true);
        expect(contains(prefix, { ...network, value: network.value + size })).toBe(false);
        expect(contains(prefix, { ...network, family: network.family === 4 ? 6 : 4 })).toBe(false);
      }),
    );
  });

  test('overlaps another exactly when one contains the other, whichever comes first', () => {
    const [wide, narrow, beside] = ['10.0.0.0/8', '10.1.0.0/24', '11.0.0.0/8'].map(parsed);
    expect([overlap(wide!, narrow!), overlap(narrow!, wide!)]).toEqual([true, true]);
    expect([overlap(wide!, beside!), overlap(beside!, narrow!)]).toEqual([false, false]);
  });

  test.each([
    ['10.1.0.0/24', '10.1.0.1'],
    ['10.1.0.128/25', '10.1.0.129'],
    ['10.1.0.6/31', '10.1.0.6'],
    ['10.1.0.7/32', '10.1.0.7'],
    ['fd00:10:1::/64', 'fd00:10:1::1'],
    ['fd00::6/127', 'fd00::6'],
  ])('%s gives %s first', (text, address) => {
    expect(firstUsable(parsed(text))).toBe(address);
  });
});
