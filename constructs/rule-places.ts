import type { Place } from '../src/model/construct-call.js';
import type { PolicySpec, RuleSpec } from '../src/model/program.js';
import type { Policy } from './policy.js';

/** Places of rules, by list, in order. */
type Places = Readonly<Record<string, readonly Place[]>>;

const places = new WeakMap<Policy, Places>();

/** Says where the rules of a policy are written that is not written in a program. */
export function placeRules(policy: Policy, rules: Places): void {
  places.set(policy, rules);
}

/** A policy as plain data; its rules have places of their own where somebody said them. */
export function specOf(policy: Policy): PolicySpec {
  const spec = policy.toSpec();
  const known = places.get(policy);
  if (known === undefined) return spec;
  const lists: Record<string, readonly RuleSpec[]> = {};
  for (const name of ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const) {
    const rules = spec[name];
    if (rules === undefined) continue;
    const own = known[name];
    lists[name] = rules.map((rule, i) => ({ ...rule, origin: { ...spec.origin, ...own?.[i] } }));
  }
  return { ...spec, ...lists };
}
