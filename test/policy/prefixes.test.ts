import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { LOCAL_IDENTITY_MAX, LOCAL_IDENTITY_MIN, RESERVED } from '../../src/model/identity.js';
import type { CIDRRuleSpec } from '../../src/model/program.js';
import { peersOf, type PeerSelector } from '../../src/policy/peers.js';
import { prefixIdentities } from '../../src/policy/prefixes.js';

const term = (...cidrSet: CIDRRuleSpec[]): PeerSelector => peersOf({ cidrSet })![0]!;
const cidr = (...list: string[]) => term(...list.map((text) => ({ cidr: text })));
const isIn = (address: string, prefix: string) => {
  const [parsed, range] = [ipaddr.parse(address), ipaddr.parseCIDR(prefix)];
  return parsed.kind() === range[0].kind() && parsed.match(range);
};

/** Keys of the terms that hold at an address, by the longest prefix. */
function keysAt({ prefixes, keys }: ReturnType<typeof prefixIdentities>, address: string) {
  const length = (prefix: string) => Number(prefix.split('/')[1]);
  const around = prefixes.filter(({ prefix }) => isIn(address, prefix));
  const [longest] = around.sort((a, b) => length(b.prefix) - length(a.prefix));
  return keys.get(longest!.identity) ?? [];
}

describe('identities of prefixes', () => {
  it('without CIDRs are those of the two worlds', () => {
    expect(prefixIdentities([]).prefixes).toEqual([
      { prefix: '0.0.0.0/0', identity: RESERVED['world-ipv4'] },
      { prefix: '::/0', identity: RESERVED['world-ipv6'] },
    ]);
  });

  it('are of the node, and one for all prefixes in which the same terms hold', () => {
    const { prefixes, identities } = prefixIdentities([cidr('10.0.0.0/8', '172.16.0.0/12')]);
    expect(identities).toHaveLength(1);
    expect(prefixes.filter(({ identity }) => identity === identities[0]?.id)).toHaveLength(2);
    expect(identities[0]?.id).toBeGreaterThanOrEqual(LOCAL_IDENTITY_MIN);
    expect(identities[0]?.id).toBeLessThanOrEqual(LOCAL_IDENTITY_MAX);
  });

  it('differ by family although the same term holds', () => {
    const { identities } = prefixIdentities([cidr('10.0.0.0/8', 'fd00::/8')]);
    expect(identities.map(({ labels }) => Object.keys(labels)[0]).sort()).toEqual([
      'reserved:world-ipv4',
      'reserved:world-ipv6',
    ]);
  });

  it('carry what all prefixes around them carry', () => {
    const [wide, narrow] = [cidr('10.0.0.0/8'), cidr('10.1.0.0/16')];
    const found = prefixIdentities([wide, narrow]);
    expect(keysAt(found, '10.1.0.1')).toEqual([wide.key, narrow.key].sort());
    expect(keysAt(found, '10.2.0.1')).toEqual([wide.key]);
    expect(keysAt(found, '11.0.0.1')).toEqual([]);
  });

  it('lose what excepts them, and no more: another entry of the list may still mean them', () => {
    const holed = term({ cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }, { cidr: '10.1.2.0/24' });
    const found = prefixIdentities([holed]);
    expect(keysAt(found, '10.1.0.1')).toEqual([]);
    expect(keysAt(found, '10.1.2.1')).toEqual([holed.key]);
  });

  it('are the same for a list in another order or with repetitions', () => {
    const one = term({ cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.2.0.0/16'] });
    const two = term(
      { cidr: '10.0.0.0/8', except: ['10.2.0.0/16', '10.1.0.0/16'] },
      { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.2.0.0/16'] },
    );
    expect(two.key).toBe(one.key);
    expect(prefixIdentities([two]).prefixes).toEqual(prefixIdentities([one]).prefixes);
  });

  it('say at any address which of any terms hold there', () => {
    const octet = fc.constantFrom(0, 1, 127, 128, 255);
    const address = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));
    const prefixInside = (outer: string, min: number) =>
      fc.tuple(address, fc.integer({ min, max: 32 })).map(([inner, length]) => {
        const [base, kept] = [ipaddr.IPv4.parse(outer), min];
        const bits = (text: ipaddr.IPv4) =>
          text.toByteArray().reduce((value, byte) => value * 256 + byte, 0);
        const mask = (n: number) => (n === 0 ? 0 : (0xffffffff << (32 - n)) >>> 0);
        const value =
          (((bits(base) & mask(kept)) | (bits(ipaddr.IPv4.parse(inner)) & ~mask(kept))) &
            mask(length)) >>>
          0;
        const text = [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
        return `${text}/${length}`;
      });
    const entry = prefixInside('0.0.0.0', 0).chain((outer) => {
      const [base = '', length = ''] = outer.split('/');
      const except = fc.array(prefixInside(base, Number(length)), { maxLength: 2 });
      return except.map((holes): CIDRRuleSpec => ({ cidr: outer, except: holes }));
    });
    const terms = fc.array(fc.array(entry, { minLength: 1, maxLength: 3 }), { maxLength: 4 });
    fc.assert(
      fc.property(terms, fc.array(address, { minLength: 1 }), (lists, addresses) => {
        const all = lists.map((list) => term(...list));
        const found = prefixIdentities([...new Map(all.map((one) => [one.key, one])).values()]);
        for (const at of addresses) {
          const holding = all.filter((_, i) =>
            lists[i]?.some(
              ({ cidr: outer, except = [] }) =>
                isIn(at, outer) && !except.some((hole) => isIn(at, hole)),
            ),
          );
          const expected = [...new Set(holding.map(({ key }) => key))].sort();
          expect(keysAt(found, at)).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of 10,000 prefixes in one rule are one', () => {
    const list = Array.from({ length: 10_000 }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`);
    expect(prefixIdentities([cidr(...list)]).identities).toHaveLength(1);
  });
});
