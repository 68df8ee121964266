import { complain } from './complain.js';
import type { PlumbError } from './error.js';
import { contains, parsePrefix } from './prefix.js';
import type {
  CIDRGroupRefSpec,
  CIDRGroupSpec,
  CIDRRuleSpec,
  PolicySpec,
  ProgramDocument,
  RuleSpec,
} from './program.js';
import { matchesSelector } from './selector.js';

const LISTS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const;

/** Rules that name a group that there is not. */
export function groupErrors({ policies, cidrGroups = [] }: ProgramDocument): PlumbError[] {
  const names = new Set(cidrGroups.map(({ name }) => name));
  return policies.flatMap((policy) =>
    LISTS.flatMap((list) => policy[list] ?? []).flatMap(({ origin, cidrGroups: refs = [] }) =>
      refs.flatMap(({ name }) => {
        if (name === undefined || names.has(name)) return [];
        const hint = 'Make one: new CIDRGroup(app, id, { cidrs: [...] }).';
        const at = { origin: origin ?? policy.origin };
        return [complain('PLB_UNKNOWN_GROUP', at, `there is no CIDR group ${name}`, hint)];
      }),
    ),
  );
}

/** The document with the prefixes of groups where rules named the groups. */
export function withoutGroups(document: ProgramDocument): ProgramDocument {
  const { cidrGroups = [] } = document;
  return { ...document, policies: document.policies.map((policy) => resolve(policy, cidrGroups)) };
}

function resolve(policy: PolicySpec, groups: readonly CIDRGroupSpec[]): PolicySpec {
  const lists = LISTS.flatMap((list) => {
    const rules = policy[list];
    return rules === undefined ? [] : [[list, rules.map((rule) => expand(rule, groups))] as const];
  });
  return { ...policy, ...Object.fromEntries(lists) };
}

function expand(rule: RuleSpec, groups: readonly CIDRGroupSpec[]): RuleSpec {
  const { cidrGroups: refs, ...rest } = rule;
  if (refs === undefined) return rule;
  // A group without prefixes is nobody, so that there is a list even if it is empty.
  const entries = refs.flatMap((ref) =>
    groups.filter((group) => means(ref, group)).flatMap(entriesOf(ref)),
  );
  return { ...rest, cidrSet: [...(rest.cidrSet ?? []), ...entries] };
}

function means({ name, selector }: CIDRGroupRefSpec, group: CIDRGroupSpec): boolean {
  return selector === undefined ? group.name === name : matchesSelector(selector, group.labels);
}

/** Each prefix of a group, without those exceptions that are inside it. */
function entriesOf({ except = [] }: CIDRGroupRefSpec) {
  return ({ cidrs }: CIDRGroupSpec): CIDRRuleSpec[] =>
    cidrs.map((cidr) => {
      const outer = parsePrefix(cidr);
      const holes = except.filter((text) => {
        const inner = parsePrefix(text);
        return (
          // What is no prefix is kept, to be refused with the rule.
          inner === undefined ||
          (outer !== undefined && inner.length >= outer.length && contains(outer, inner))
        );
      });
      return holes.length === 0 ? { cidr } : { cidr, except: holes };
    });
}
