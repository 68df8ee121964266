import { LOCAL_IDENTITY_MIN, RESERVED, reservedLabels, type Identity } from '../model/identity.js';
import { formatPrefix, networkOf, parsePrefix, type Prefix } from '../model/prefix.js';
import { Ids } from './ids.js';
import type { PeerSelector } from './peers.js';

/** A prefix and who is there, as far as no longer prefix says otherwise. */
export interface PrefixIdentity {
  readonly prefix: string;
  readonly identity: number;
}

export interface Prefixes {
  /** Sorted by text. Always has 0.0.0.0/0 and ::/0. */
  readonly prefixes: readonly PrefixIdentity[];
  /** The identities that were made for them, ascending. */
  readonly identities: readonly Identity[];
  /** Sorted keys of the CIDR terms that hold for each of those, and for the worlds of the families. */
  readonly keys: ReadonlyMap<number, readonly string[]>;
}

/** Terms by their place: keys can be as long as ten thousand prefixes. */
interface Mark {
  readonly term: number;
  readonly entry: number;
  readonly isExcept: boolean;
}

const WORLD = { 4: 'world-ipv4', 6: 'world-ipv6' } as const;
const WHOLE = { 4: '0.0.0.0/0', 6: '::/0' } as const;

/**
 * Gives every prefix that a rule names, and the two of everything, an identity by the terms that hold
 * in it: those whose CIDR is around it and whose exceptions are not. Prefixes in which the same terms
 * hold share one identity. Where none holds it is plainly world, unless rules name the whole world: then
 * what they except must not be taken for it.
 */
export function prefixIdentities(terms: readonly PeerSelector[]): Prefixes {
  const marks = new Map<string, Mark[]>();
  const known = new Map<string, Prefix>();
  const put = (text: string, mark?: Mark): void => {
    const prefix = parsePrefix(text);
    if (prefix === undefined) throw new RangeError(`not a CIDR: ${text}`);
    const network = networkOf(prefix);
    const key = formatPrefix(network);
    known.set(key, network);
    if (mark === undefined) return;
    const list = marks.get(key);
    if (list === undefined) marks.set(key, [mark]);
    else list.push(mark);
  };
  put(WHOLE[4]);
  put(WHOLE[6]);
  terms.forEach((peer, term) => {
    if (peer.kind !== 'cidr') return;
    peer.entries.forEach(({ cidr, except }, entry) => {
      put(cidr, { term, entry, isExcept: false });
      for (const hole of except) put(hole, { term, entry, isExcept: true });
    });
  });
  return identify(
    known,
    marks,
    terms.map(({ key }) => key),
  );
}

function identify(
  known: ReadonlyMap<string, Prefix>,
  marks: ReadonlyMap<string, readonly Mark[]>,
  termKeys: readonly string[],
): Prefixes {
  const lengths = { 4: lengthsOf(known, 4), 6: lengthsOf(known, 6) };
  const ids = new Ids((hash) => LOCAL_IDENTITY_MIN | (hash >>> 8));
  const identities = new Map<number, Identity>();
  const memo = new Map<string, number>();
  const keysOf = (places: readonly number[]) => places.map((place) => termKeys[place] ?? '').sort();
  const whole = {
    4: holdingIn(marks.get(WHOLE[4]) ?? []),
    6: holdingIn(marks.get(WHOLE[6]) ?? []),
  };
  // Who says the whole of a family means its world, also where that is known by its name alone.
  const keys = new Map<number, readonly string[]>([
    [RESERVED[WORLD[4]], keysOf(whole[4])],
    [RESERVED[WORLD[6]], keysOf(whole[6])],
  ]);
  const prefixes = [...known.keys()].sort().map((text) => {
    const prefix = known.get(text) as Prefix;
    const { family } = prefix;
    const around = lengths[family]
      .filter((length) => length <= prefix.length)
      .flatMap((length) => marks.get(formatPrefix(networkOf({ ...prefix, length }))) ?? []);
    const holding = holdingIn(around);
    const world = WORLD[family];
    if (holding.length === 0 && whole[family].length === 0) {
      return { prefix: text, identity: RESERVED[world] };
    }
    const held = `${family} ${holding.join(' ')}`;
    const found = memo.get(held);
    if (found !== undefined) return { prefix: text, identity: found };
    const own = keysOf(holding);
    const id = ids.of(JSON.stringify([world, own]));
    memo.set(held, id);
    const labels = { ...reservedLabels(world), 'cidr:terms': String(own.length) };
    identities.set(id, { id, labels });
    keys.set(id, own);
    return { prefix: text, identity: id };
  });
  return { prefixes, identities: [...identities.values()].sort((a, b) => a.id - b.id), keys };
}

/** Places of the terms one of whose entries is around and not excepted here, ascending. */
function holdingIn(around: readonly Mark[]): number[] {
  const holes = around.filter(({ isExcept }) => isExcept);
  const holding = around.filter(
    (mark) =>
      !mark.isExcept &&
      !holes.some(({ term, entry }) => term === mark.term && entry === mark.entry),
  );
  return [...new Set(holding.map(({ term }) => term))].sort((a, b) => a - b);
}

function lengthsOf(known: ReadonlyMap<string, Prefix>, family: 4 | 6): number[] {
  const all = [...known.values()].filter((p) => p.family === family).map((p) => p.length);
  return [...new Set(all)].sort((a, b) => a - b);
}
