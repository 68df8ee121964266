import { createHash } from 'node:crypto';
import { fqdnKey, matchesFQDN } from '../model/fqdn.js';
import { NAME_IDENTITY_MIN, reservedLabels, type Identity } from '../model/identity.js';
import { formatAddress, parseAddress } from '../model/prefix.js';
import type { FQDNSelectorSpec, Labels, PolicySpec } from '../model/program.js';
import { placesOf } from './places.js';
import { remember } from './remember.js';
import type { PrefixIdentity } from './prefixes.js';

/** What keys of labels begin with that say which selectors of names an address answers to. */
export const FQDN_SOURCE = 'fqdn:';

/**
 * Label that says in which prefix of rules such an address is: what CIDRs say holds for it, too. Of
 * prefixes with one identity it is the first.
 */
export const FQDN_PREFIX = 'cidr-of-name';

/** Addresses that the DNS gave for a name. */
export interface NameBinding {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** Who is at addresses with names that rules ask for. */
export interface NamedAddresses {
  /** Rows of plumb_ipcache, by address; an address that no selector matches has none. */
  readonly rows: readonly { readonly address: string; readonly identity: number }[];
  /** Ascending. Their classes come from `classOf`, or from a compile with them where that knows none. */
  readonly identities: readonly Identity[];
}

/** Every selector of names that policies have, once, sorted. */
export function fqdnSelectors(policies: readonly PolicySpec[]): FQDNSelectorSpec[] {
  const all = policies.flatMap(({ egress = [] }) => egress.flatMap(({ fqdns = [] }) => fqdns));
  const byKey = new Map(all.map((selector) => [labelOf(selector), selector]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, selector]) => selector);
}

/**
 * From names and their addresses to identities: addresses that the same selectors match, in the same
 * prefix of the compiled policy, are one. Pure; what is no address is left out.
 */
export function nameAddresses(
  selectors: readonly FQDNSelectorSpec[],
  bindings: readonly NameBinding[],
  prefixes: readonly PrefixIdentity[],
): NamedAddresses {
  const keysOf = matcherOf(selectors);
  const places = placesOf(prefixes);
  const matching = new Map<string, Set<string>>();
  for (const { name, addresses } of bindings) {
    const keys = keysOf(name);
    if (keys.length === 0) continue;
    for (const text of addresses) {
      const canonical = canonicalAddress(text);
      if (canonical === undefined) continue;
      const known = matching.get(canonical) ?? new Set();
      for (const key of keys) known.add(key);
      matching.set(canonical, known);
    }
  }
  const taken = new Set<number>();
  const known = new Map<string, Identity>();
  const rows = [...matching]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([address, matched]) => {
      const place = places.around(address);
      const keys = [...matched].sort();
      const short = [place, ...keys].join('\n');
      let identity = known.get(short);
      if (identity === undefined) {
        const labels = nameLabels(place, keys);
        identity = { id: freeNumber(contentOf(labels), taken), labels };
        known.set(short, identity);
      }
      return { address, identity: identity.id };
    });
  return { rows, identities: [...known.values()].sort((a, b) => a.id - b.id) };
}

/** Labels of addresses in a prefix, which selectors with those labels match. */
export function nameLabels(prefix: string, keys: readonly string[]): Labels {
  return {
    ...reservedLabels(prefix.includes(':') ? 'world-ipv6' : 'world-ipv4'),
    ...Object.fromEntries(keys.map((key) => [key, ''])),
    [FQDN_PREFIX]: prefix,
  };
}

/** Equal for labels that are equal. */
export function contentOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Labels of the selectors that match a name. */
function matcherOf(selectors: readonly FQDNSelectorSpec[]): (name: string) => readonly string[] {
  const known =
    matchers.get(selectors) ??
    remember(MOST_REMEMBERED, (name: string) =>
      selectors.filter((one) => matchesFQDN(one, name)).map(labelOf),
    );
  matchers.set(selectors, known);
  return known;
}

const MOST_REMEMBERED = 100_000;
const matchers = new WeakMap<object, (name: string) => readonly string[]>();
const canonicalAddress = remember(MOST_REMEMBERED, (text: string) => {
  const address = parseAddress(text);
  return address === undefined ? undefined : formatAddress(address);
});

/** Of its content, salted where another has it. */
export function freeNumber(content: string, taken: Set<number>): number {
  for (let salt = 0; ; salt++) {
    const hash = createHash('sha256').update(
      `fqdn ${content}${salt === 0 ? '' : `#${String(salt)}`}`,
    );
    const id = NAME_IDENTITY_MIN | (hash.digest().readUInt32BE(0) >>> 8);
    if (taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}

/** Label of addresses that a selector matches. A name and a pattern may be the same text. */
export function labelOf(selector: FQDNSelectorSpec): string {
  const kind = selector.matchName === undefined ? 'pattern' : 'name';
  return `${FQDN_SOURCE}${kind}:${fqdnKey(selector)}`;
}
