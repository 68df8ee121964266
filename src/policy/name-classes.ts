import { canonicalName, fqdnKey, matchesFQDN } from '../model/fqdn.js';
import type { Identity } from '../model/identity.js';
import type { FQDNSelectorSpec, Labels } from '../model/program.js';
import type { CompiledPolicy } from './compiled.js';
import { contentOf, FQDN_PREFIX, FQDN_SOURCE, freeNumber, labelOf, nameLabels } from './fqdn.js';
import { placesOf } from './places.js';
import type { PrefixIdentity } from './prefixes.js';

/** Who may be behind names at most, besides one name at an address outside of every rule's prefixes. */
const MOST = 4096;
/** Of the two families. */
const WORLDS = ['0.0.0.0/0', '::/0'];

/** What who learns addresses of names has to know of a policy, to say who is there. */
export interface NameClasses {
  readonly selectors: readonly FQDNSelectorSpec[];
  readonly prefixes: readonly PrefixIdentity[];
  /** Content of the labels of addresses to their class. */
  readonly classes: Readonly<Record<string, number>>;
}

/**
 * Who can come to be behind names, as far as policies tell them apart: in each place whatever selectors
 * can match one name, and two names that are at one address.
 */
export function possibleNames(
  selectors: readonly FQDNSelectorSpec[],
  prefixes: readonly PrefixIdentity[],
): Identity[] {
  const places = placesOf(prefixes);
  const outside = [...new Set(WORLDS.map((world) => places.around(world.split('/')[0] ?? '')))];
  const inside = places.all.filter((place) => !outside.includes(place));
  const single = setsOfOne(selectors);
  const sets = [...single, ...setsOfTwo(single)];
  const taken = new Set<number>();
  const found: Identity[] = [];
  const add = (place: string, set: readonly string[]): void => {
    const labels = nameLabels(place, set);
    found.push({ id: freeNumber(contentOf(labels), taken), labels });
  };
  sets.forEach((set, i) => {
    const isNeeded = i < single.length;
    if (isNeeded || found.length < MOST) for (const place of outside) add(place, set);
    if (found.length + inside.length <= MOST) for (const place of inside) add(place, set);
  });
  return found;
}

/** Labels of the selectors that match one name, for each sort of name; each set sorted, and once. */
function setsOfOne(selectors: readonly FQDNSelectorSpec[]): string[][] {
  const sets = selectors.map((selector) => {
    const name = exampleOf(selector);
    return selectors
      .filter((one) => matchesFQDN(one, name))
      .map(labelOf)
      .sort();
  });
  return distinct(sets);
}

function setsOfTwo(single: readonly (readonly string[])[]): string[][] {
  const sets: string[][] = [];
  for (const [i, one] of single.entries()) {
    for (const other of single.slice(i + 1)) {
      if (sets.length > MOST) break;
      sets.push([...new Set([...one, ...other])].sort());
    }
  }
  const known = new Set(single.map((set) => set.join('\n')));
  return distinct(sets).filter((set) => !known.has(set.join('\n')));
}

function distinct(sets: readonly string[][]): string[][] {
  return [...new Map(sets.map((set) => [set.join('\n'), set])).values()];
}

/** A name that a selector matches, and of the others only those that match whatever it does. */
function exampleOf(selector: FQDNSelectorSpec): string {
  if (selector.matchName !== undefined) return canonicalName(selector.matchName);
  return fqdnKey(selector)
    .replace(/^\*\*\./, 'x--x.x--x.')
    .replaceAll('*', 'x--x');
}

/** Of a policy that was compiled with those who are possible. */
export function nameClasses(
  selectors: readonly FQDNSelectorSpec[],
  { prefixes, classes }: CompiledPolicy,
): NameClasses {
  const known = possibleNames(selectors, prefixes).flatMap(({ id, labels }) => {
    const found = classes.get(id);
    return found === undefined ? [] : [[contentOf(labels), found] as const];
  });
  const sorted = known.sort(([a], [b]) => (a < b ? -1 : 1));
  return { selectors, prefixes, classes: Object.fromEntries(sorted) };
}

interface Known {
  readonly keys: readonly string[];
  readonly id: number;
}

/**
 * Class of an address with names. Where its selectors were not thought of together it is that of most
 * of them: rules about names only allow, so that this lets less through and never more.
 */
export class NameIndex {
  /** By place, those first that more selectors match. */
  readonly #known = new Map<string, Known[]>();

  constructor(private readonly classes: NameClasses['classes']) {
    for (const [content, id] of Object.entries(classes)) {
      const labels = Object.fromEntries(JSON.parse(content) as [string, string][]);
      const place = labels[FQDN_PREFIX] ?? '';
      const list = this.#known.get(place) ?? [];
      list.push({ keys: keysOf(labels), id });
      this.#known.set(place, list);
    }
    for (const list of this.#known.values()) list.sort((a, b) => b.keys.length - a.keys.length);
  }

  /** Undefined where nothing is known of any of its names. */
  classOf(labels: Labels): number | undefined {
    const exact = this.classes[contentOf(labels)];
    if (exact !== undefined) return exact;
    const own = new Set(keysOf(labels));
    const list = this.#known.get(labels[FQDN_PREFIX] ?? '') ?? [];
    return list.find(({ keys }) => keys.every((key) => own.has(key)))?.id;
  }
}

function keysOf(labels: Labels): string[] {
  return Object.keys(labels).filter((key) => key.startsWith(FQDN_SOURCE));
}
