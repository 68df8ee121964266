import { lint, type Lint } from '../model/lint.js';
import { PROTOCOLS, type PortRange } from '../model/port.js';
import { originKey } from './origin-key.js';
import type { PolicySetInfo } from '../policy/compiled.js';
import { DIRECTIONS, type ParsedPolicy, type Rule } from '../policy/policy-set.js';
import type { LintInput } from './input.js';

/** What keeps a rule from having an effect in one policy set. */
type Fate = { readonly code: 'PLL_UNREACHABLE' | 'PLL_SHADOWED'; readonly by: Rule } | undefined;

/**
 * Allowing rules that change no verdict on this node: what they allow is denied all the same, or allowed
 * by other rules already. Exact over all peers and ports; of rules that are alike the first counts.
 * Rules of tiers, of audited policies, with named ports, and those that look into requests are left alone.
 */
export function lintShadows({ policy }: LintInput): Lint[] {
  const classesOf = new Map<string, number[]>();
  for (const [id, terms] of policy.classTerms) {
    for (const term of terms) {
      const list = classesOf.get(term);
      if (list === undefined) classesOf.set(term, [id]);
      else list.push(id);
    }
  }
  const fates = new Map<Rule, Fate[]>();
  for (const info of policy.sets.values()) {
    const plain = plainRules(info);
    for (const direction of DIRECTIONS) {
      const rules = plain.filter((rule) => rule.direction === direction);
      for (const [rule, fate] of fatesIn(rules, classesOf)) {
        const list = fates.get(rule);
        if (list === undefined) fates.set(rule, [fate]);
        else list.push(fate);
      }
    }
  }
  const said = new Map<string, Lint>();
  for (const [rule, list] of fates) {
    const [first] = list;
    if (first === undefined || list.some((fate) => fate?.code !== first.code)) continue;
    said.set(`${originKey(rule.origin)} ${rule.key}`, describe(rule, first));
  }
  return [...said.values()];
}

function describe(rule: Rule, { code, by }: NonNullable<Fate>): Lint {
  const { file, line } = by.origin;
  const where = line === undefined ? '' : ` (${file ?? ''}:${String(line)})`;
  const other = `${by.policy}${where}`;
  return code === 'PLL_UNREACHABLE'
    ? lint(
        code,
        `a rule of policy ${rule.policy} allows nothing: ${other} denies all of it`,
        rule.origin,
        'Remove the rule, or narrow what denies.',
      )
    : lint(
        code,
        `a rule of policy ${rule.policy} allows nothing new: ${other} allows it already`,
        rule.origin,
        'Remove the rule, or narrow the other one.',
      );
}

/** Without those of policies that the compiler took apart for the names of ports. */
function plainRules({ policies }: PolicySetInfo): Rule[] {
  const parts = new Map<string, number>();
  const keyOf = ({ origin, name }: ParsedPolicy): string => `${originKey(origin)} ${name}`;
  for (const policy of policies) parts.set(keyOf(policy), (parts.get(keyOf(policy)) ?? 0) + 1);
  return policies
    .filter((policy) => parts.get(keyOf(policy)) === 1 && policy.asks === undefined)
    .flatMap(({ rules }) => rules)
    .filter(isPlain);
}

/** Whether the rule says no more than its peers and its ports. */
function isPlain({ deny, ranges, contribution }: Rule): boolean {
  const texts = ranges.map((r) => `${String(r.protocol)}:${String(r.from)}-${String(r.to)}`);
  const ports = [...new Set(texts)].sort().join(',');
  return contribution === `${deny ? 'deny' : 'allow'} ${ports}`;
}

function fatesIn(
  rules: readonly Rule[],
  classesOf: ReadonlyMap<string, readonly number[]>,
): Map<Rule, Fate> {
  const groups = peersApart(rules, classesOf);
  const denies = rules.filter((rule) => rule.deny);
  const fates = new Map<Rule, Fate>();
  const counting = new Set(rules.filter((rule) => !rule.deny));
  // From the end, so that of two that are alike the later one goes.
  for (const rule of [...counting].reverse()) {
    const denied = coveredBy(rule, denies, groups);
    const allowed =
      denied ??
      coveredBy(
        rule,
        [...counting].filter((r) => r !== rule),
        groups,
      );
    fates.set(
      rule,
      allowed && { code: denied === undefined ? 'PLL_SHADOWED' : 'PLL_UNREACHABLE', by: allowed },
    );
    if (allowed !== undefined) counting.delete(rule);
  }
  return fates;
}

/** Rules by the peers that none of them tells apart: one list for each sort of peer. */
function peersApart(
  rules: readonly Rule[],
  classesOf: ReadonlyMap<string, readonly number[]>,
): ReadonlySet<Rule>[] {
  const anybody = rules.filter((rule) => rule.peers === undefined);
  const byClass = new Map<number, Set<Rule>>();
  for (const rule of rules) {
    for (const { key } of rule.peers ?? []) {
      for (const id of classesOf.get(key) ?? []) {
        const named = byClass.get(id);
        if (named === undefined) byClass.set(id, new Set([...anybody, rule]));
        else named.add(rule);
      }
    }
  }
  const number = new Map(rules.map((rule, i) => [rule, i]));
  const apart = new Map<string, ReadonlySet<Rule>>([['', new Set(anybody)]]);
  for (const named of byClass.values()) {
    apart.set(
      [...named]
        .map((rule) => number.get(rule))
        .sort()
        .join(' '),
      named,
    );
  }
  return [...apart.values()];
}

/** One of `others`, if together they hold for all peers and ports that the rule holds for. */
function coveredBy(
  rule: Rule,
  others: readonly Rule[],
  groups: readonly ReadonlySet<Rule>[],
): Rule | undefined {
  let by: Rule | undefined;
  for (const group of groups) {
    if (!group.has(rule)) continue;
    const here = others.filter((other) => group.has(other));
    if (
      !rule.ranges.every((range) =>
        isCovered(
          range,
          here.flatMap((other) => other.ranges),
        ),
      )
    ) {
      return undefined;
    }
    by ??= here.find((other) => other.ranges.some((range) => touches(range, rule.ranges)));
  }
  return by;
}

function touches(range: PortRange, ranges: readonly PortRange[]): boolean {
  return ranges.some(
    ({ protocol, from, to }) =>
      range.protocol === PROTOCOLS.ANY ||
      (range.protocol === protocol && range.from <= to && from <= range.to),
  );
}

function isCovered(range: PortRange, by: readonly PortRange[]): boolean {
  if (by.some(({ protocol }) => protocol === PROTOCOLS.ANY)) return true;
  let next = range.from;
  const same = by.filter(({ protocol }) => protocol === range.protocol);
  for (const { from, to } of same.sort((a, b) => a.from - b.from)) {
    if (from <= next && to >= next) next = to + 1;
  }
  return range.protocol !== PROTOCOLS.ANY && next > range.to;
}
