import type { Rule } from '../policy/policy-set.js';

/**
 * Rules by the peers that none of them tells apart: one set for each sort of peer, those about anybody in each of
 * them, and first those alone.
 * @param classTerms terms that hold for a class, as the compiler has them
 */
export function peersApart(
  rules: readonly Rule[],
  classTerms: ReadonlyMap<number, readonly string[]>,
): ReadonlySet<Rule>[] {
  const number = new Map(rules.map((rule, n) => [rule, n]));
  const byTerm = new Map<string, Rule[]>();
  for (const rule of rules) {
    for (const { key } of rule.peers ?? []) {
      const known = byTerm.get(key);
      if (known === undefined) byTerm.set(key, [rule]);
      else known.push(rule);
    }
  }
  const anybody = rules.filter((rule) => rule.peers === undefined);
  const apart = new Map<string, ReadonlySet<Rule>>([['', new Set(anybody)]]);
  for (const terms of classTerms.values()) {
    const named = new Set(terms.flatMap((term) => byTerm.get(term) ?? []));
    const key = [...named]
      .map((rule) => number.get(rule))
      .sort()
      .join(' ');
    if (!apart.has(key)) apart.set(key, new Set([...anybody, ...named]));
  }
  return [...apart.values()];
}
