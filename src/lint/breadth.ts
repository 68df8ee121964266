import { lint, type Lint } from '../model/lint.js';
import type { Origin } from '../model/error.js';
import type { PolicySpec, RuleSpec, SelectorSpec } from '../model/program.js';
import { peersOf } from '../policy/peers.js';
import type { LintInput } from './input.js';

/** Policies that are wider than they look. */
export function lintBreadth({ document }: LintInput): Lint[] {
  return document.policies.flatMap((policy) => {
    const { ingress = [], egress = [] } = policy;
    return [
      ...lintSubject(policy),
      ...ingress.flatMap((rule) => lintRule(policy, rule, 'from')),
      ...egress.flatMap((rule) => lintRule(policy, rule, 'to')),
    ];
  });
}

function lintSubject({ name, origin, endpointSelector, namespace, tier }: PolicySpec): Lint[] {
  if (endpointSelector === undefined || !isEmpty(endpointSelector)) return [];
  // A policy of a tier is about everybody by its nature.
  if (namespace !== undefined || tier !== undefined) return [];
  return [
    lint(
      'PLL_EVERYBODY',
      `policy ${name} is about every endpoint: its selector is empty`,
      origin,
      'Name labels if it is about some of them; otherwise silence this with Lint.ignore.',
    ),
  ];
}

function lintRule(policy: PolicySpec, rule: RuleSpec, way: 'from' | 'to'): Lint[] {
  if (rule.action === 'Deny' || rule.action === 'Pass') return [];
  const { name } = policy;
  const origin: Origin = rule.origin ?? policy.origin;
  const { endpoints, cidr = [], cidrSet = [], entities } = rule;
  if (peersOf(rule) === undefined) {
    const why = entities?.includes('all') === true ? 'the entity all' : 'no peer';
    return [
      lint(
        'PLL_ANY_PEER',
        `a rule of policy ${name} allows it ${way} anybody, the world included: it names ${why}`,
        origin,
        `Name who is meant (${way}Endpoints, ${way}CIDR, ${way}Entities).`,
      ),
    ];
  }
  const world = [...cidr, ...cidrSet.map((range) => range.cidr)].filter((text) =>
    /\/0+$/.test(text),
  );
  const named = [...(entities ?? []).filter((entity) => entity.startsWith('world')), ...world];
  return [
    ...(named.length === 0
      ? []
      : [
          lint(
            'PLL_WORLD',
            `a rule of policy ${name} allows it ${way} the whole world: ${named.join(', ')}`,
            origin,
            'Name the prefixes that are meant; otherwise silence this with Lint.ignore.',
          ),
        ]),
    ...(endpoints?.some(isEmpty) === true && policy.namespace === undefined
      ? [
          lint(
            'PLL_EVERYBODY',
            `a rule of policy ${name} allows it ${way} every endpoint: a selector is empty`,
            origin,
            'Name labels if some of them are meant; otherwise silence this with Lint.ignore.',
          ),
        ]
      : []),
  ];
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: SelectorSpec): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}
