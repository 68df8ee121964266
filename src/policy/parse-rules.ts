import { rangesOf } from '../model/port.js';
import type { PolicySpec } from '../model/program.js';
import { l7Of, rangesFor, type L7 } from './l7.js';
import type { PlacedRule } from './lower.js';
import { peersOf } from './peers.js';
import type { PortTexts } from './port-texts.js';
import type { Direction, Rule } from './policy-set.js';
import type { Rank } from './tiers.js';

interface From {
  readonly policy: PolicySpec;
  readonly direction: Direction;
  readonly texts: PortTexts;
}

/** Rules of a policy whose ports are numbers, in the words of the compiler. */
export function parseRules(policy: PolicySpec, texts: PortTexts): Rule[] {
  const rules: Rule[] = [];
  const { ingress = NONE, ingressDeny = NONE, egress = NONE, egressDeny = NONE } = policy;
  const inward: From = { policy, direction: 'ingress', texts };
  for (const rule of ingress) addRules(inward, rule, rules);
  for (const rule of ingressDeny) rules.push(parseRule(inward, rule, true));
  const outward: From = { policy, direction: 'egress', texts };
  for (const rule of egress) addRules(outward, rule, rules);
  for (const rule of egressDeny) rules.push(parseRule(outward, rule, true));
  // A copy has room for no more than there is.
  return rules.slice();
}

const NONE: readonly PlacedRule[] = [];

/** One rule for the ports that are simply open, and one for each group of ports that is filtered. */
function addRules(from: From, rule: PlacedRule, rules: Rule[]): void {
  const groups = rule.toPorts ?? [];
  if (groups.every((group) => l7Of(group) === undefined)) {
    rules.push(parseRule(from, rule, false));
    return;
  }
  const filters = groups.map(l7Of);
  const open = groups.filter((_, i) => filters[i] === undefined);
  if (open.length > 0) rules.push(parseRule(from, { ...rule, toPorts: open }, false));
  groups.forEach((group, i) => {
    const l7 = filters[i];
    if (l7 !== undefined) rules.push(parseRule(from, { ...rule, toPorts: [group] }, false, l7));
  });
}

function parseRule(
  { policy, direction, texts }: From,
  rule: PlacedRule,
  isDeny: boolean,
  l7?: L7,
): Rule {
  const peers = peersOf(rule);
  const ports = texts.of(l7 === undefined ? rangesOf(rule) : rangesFor(l7, rangesOf(rule)));
  const rank = rankOf(policy, rule);
  const deny = isDeny || rule.action === 'Deny';
  const how = howOf(policy, direction, rank, l7);
  const plain = deny ? ports.deny : ports.allow;
  return {
    policy: policy.name,
    about: policy,
    origin: rule.origin ?? policy.origin,
    direction,
    deny,
    rank,
    audit: policy.audit === true ? true : undefined,
    peers,
    ranges: ports.ranges,
    l7,
    contribution: how.length === 0 ? plain : `${plain} ${how.join(' ')}`,
  };
}

const NOTHING: readonly string[] = [];

function howOf(
  { audit }: PolicySpec,
  direction: Direction,
  rank: Rank | undefined,
  l7: L7 | undefined,
): readonly string[] {
  if (rank === undefined && audit !== true && l7 === undefined) return NOTHING;
  return [
    ...(rank === undefined ? [] : [JSON.stringify(rank)]),
    ...(audit === true ? ['audit'] : []),
    // Listeners are of one direction: tables that name them, too.
    ...(l7 === undefined ? [] : [`${direction} ${l7.key}`]),
  ];
}

function rankOf(
  { tier, priority = 0, origin }: PolicySpec,
  { index = 0, action }: PlacedRule,
): Rank | undefined {
  if (tier === undefined) return undefined;
  return { tier, priority, policy: origin.path, index, pass: action === 'Pass' };
}
