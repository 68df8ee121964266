import { formatPrefix, networkOf, parseAddress, parsePrefix } from '../model/prefix.js';
import { remember } from './remember.js';
import type { PrefixIdentity } from './prefixes.js';

/** Prefixes, looked up by address, as the kernel does it: the longest says who is there. */
export interface Places {
  /** Of prefixes that have one identity the first, so that these are one place. */
  readonly all: readonly string[];
  /** The place that an address is in; empty for one in no prefix. */
  around(address: string): string;
}

const MOST_REMEMBERED = 100_000;
const known = new WeakMap<readonly PrefixIdentity[], Places>();

export function placesOf(prefixes: readonly PrefixIdentity[]): Places {
  const found = known.get(prefixes) ?? make(prefixes);
  known.set(prefixes, found);
  return found;
}

function make(prefixes: readonly PrefixIdentity[]): Places {
  const first = new Map<number, string>();
  for (const { prefix, identity } of prefixes) {
    if (!first.has(identity)) first.set(identity, prefix);
  }
  const byNetwork = new Map<string, string>();
  const lengths = { 4: new Set<number>(), 6: new Set<number>() };
  for (const { prefix: text, identity } of prefixes) {
    const prefix = parsePrefix(text);
    if (prefix === undefined) continue;
    byNetwork.set(formatPrefix(networkOf(prefix)), first.get(identity) ?? text);
    lengths[prefix.family].add(prefix.length);
  }
  const longestFirst = {
    4: [...lengths[4]].sort((a, b) => b - a),
    6: [...lengths[6]].sort((a, b) => b - a),
  };
  return {
    all: [...first.values()],
    around: remember(MOST_REMEMBERED, (text) => {
      const address = parseAddress(text);
      if (address === undefined) return '';
      for (const length of longestFirst[address.family]) {
        const place = byNetwork.get(formatPrefix(networkOf({ ...address, length })));
        if (place !== undefined) return place;
      }
      return '';
    }),
  };
}
