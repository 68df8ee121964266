import type { Identity } from '../model/identity.js';
import type { FQDNSelectorSpec } from '../model/program.js';
import type { CompiledPolicy } from './compiled.js';
import { contentOf, freeNumber, labelOf, nameLabels } from './fqdn.js';
import type { PrefixIdentity } from './prefixes.js';

/** Selectors of names up to which an address may answer to two of them that have no name in common. */
const MOST_PAIRED = 64;

/** What who learns addresses of names has to know of a policy, to say who is there. */
export interface NameClasses {
  readonly selectors: readonly FQDNSelectorSpec[];
  readonly prefixes: readonly PrefixIdentity[];
  /** Content of the labels of addresses to their class. What is not here is let through nowhere. */
  readonly classes: Readonly<Record<string, number>>;
}

/**
 * Who can come to be behind names, as far as policies tell them apart: addresses in each of the
 * prefixes that one selector matches, or two. An address that more match belongs to nobody who is known.
 */
export function possibleNames(
  selectors: readonly FQDNSelectorSpec[],
  prefixes: readonly PrefixIdentity[],
): Identity[] {
  const keys = selectors.map(labelOf).sort();
  const sets = keys.map((key) => [key]);
  if (keys.length <= MOST_PAIRED) {
    keys.forEach((one, i) => keys.slice(i + 1).forEach((other) => sets.push([one, other])));
  }
  const taken = new Set<number>();
  return prefixes.flatMap(({ prefix }) =>
    sets.map((set): Identity => {
      const labels = nameLabels(prefix, set);
      return { id: freeNumber(contentOf(labels), taken), labels };
    }),
  );
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
