import type { Identity } from '../model/identity.js';
import { FQDN_PREFIX } from './fqdn.js';
import { Ids } from './ids.js';
import { jsonList } from './json-text.js';
import { PeerIndex } from './peer-index.js';
import { isEndpointIdentity, type PeerSelector } from './peers.js';
import type { ParsedPolicy } from './policy-set.js';
import { prefixIdentities, type PrefixIdentity } from './prefixes.js';

/** Who is of which class, and why. */
export interface Classes {
  readonly identified: Identified;
  /** Keys of the terms that make them. */
  readonly termKeys: ReadonlySet<string>;
  /** Whether a number depends on the order of what was named. */
  readonly salted: boolean;
}

/** What becomes part of the compiled policy. */
export interface Identified {
  /** Identity to class. */
  readonly classes: ReadonlyMap<number, number>;
  /** Keys of the terms that hold for a class, sorted. */
  readonly classTerms: ReadonlyMap<number, readonly string[]>;
  readonly prefixes: readonly PrefixIdentity[];
  /** Those that were given, and those of prefixes. */
  readonly identities: readonly Identity[];
  /** Undefined where no identity that was given is of the class. */
  readonly classOf: (identity: Identity) => number | undefined;
}

/** Every term of the policies once. */
export function termsOf(policies: Iterable<ParsedPolicy>): PeerSelector[] {
  const terms = new Map<string, PeerSelector>();
  for (const { rules } of policies) {
    for (const { peers = [] } of rules) {
      for (const peer of peers) terms.set(peer.key, peer);
    }
  }
  return [...terms.values()];
}

/** Groups identities by the terms that hold for them. */
export function classify(identities: readonly Identity[], terms: readonly PeerSelector[]): Classes {
  const index = new PeerIndex(terms);
  const ids = new Ids();
  const classTerms = new Map<number, readonly string[]>();
  const byKeys = new Map<string, number>();
  const classFor = (keys: readonly string[]): number => {
    const text = textOf(keys);
    const known = byKeys.get(text);
    if (known !== undefined) return known;
    const id = ids.ofNew(`["class",${jsonList(keys)}]`);
    byKeys.set(text, id);
    classTerms.set(id, keys);
    return id;
  };
  const { prefixes, identities: local, keys: cidrKeys } = prefixIdentities(terms);
  const prefixOf = new Map(prefixes.map(({ prefix, identity }) => [prefix, identity]));
  const keysInPrefix = ({ labels }: Identity): readonly string[] | undefined => {
    const prefix = labels[FQDN_PREFIX];
    return prefix === undefined ? undefined : cidrKeys.get(prefixOf.get(prefix) ?? 0);
  };
  const keysOf = (identity: Identity): readonly string[] => {
    const own = index.keysOf(identity);
    const cidr = cidrKeys.get(identity.id) ?? keysInPrefix(identity);
    return cidr === undefined ? own : [...own, ...cidr].sort();
  };
  const bySignature: (number | undefined)[] = [];
  const all = local.length === 0 ? identities : [...identities, ...local];
  const classes = new Map<number, number>();
  for (const identity of all) {
    if (!isEndpointIdentity(identity.id)) {
      classes.set(identity.id, classFor(keysOf(identity)));
      continue;
    }
    const signature = index.signatureOf(identity.labels);
    classes.set(identity.id, (bySignature[signature] ??= classFor(keysOf(identity))));
  }
  const classOf = (identity: Identity) => byKeys.get(textOf(keysOf(identity)));
  return {
    identified: { classes, classTerms, prefixes, identities: all, classOf },
    termKeys: new Set(terms.map(({ key }) => key)),
    salted: ids.salted,
  };
}

function textOf(keys: readonly string[]): string {
  const [only = ''] = keys;
  return keys.length < 2 ? only : keys.join('\n');
}
