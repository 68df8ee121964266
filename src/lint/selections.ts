import type { Origin } from '../model/error.js';
import { lint, type Lint } from '../model/lint.js';
import type { PolicySpec, RuleSpec, SelectorSpec } from '../model/program.js';
import { matchesSelector, selectorKey } from '../model/selector.js';
import { lowerPolicy } from '../policy/lower.js';
import { originKey } from './origin-key.js';
import { asksForReserved, isEndpointIdentity } from '../policy/peers.js';
import type { LintInput } from './input.js';

/** Policies and services that select nobody, and rules whose selectors name nobody. */
export function lintSelections({ document, policy }: LintInput): Lint[] {
  const endpoints = policy.identities.filter(({ id }) => isEndpointIdentity(id));
  const known = new Map<string, boolean>();
  const someone = (selector: SelectorSpec): boolean => {
    const key = selectorKey(selector);
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = endpoints.some(({ labels }) => matchesSelector(selector, labels));
    known.set(key, found);
    return found;
  };
  const ofPolicies = document.policies
    .map(lowerPolicy)
    .flatMap((spec) => [
      ...lintSubject(spec, document.nodes, someone),
      ...rulesOf(spec).flatMap((rule) => lintPeers(spec, rule, someone)),
      ...rulesOf(spec).flatMap((rule) => lintNodes(spec, rule, document.nodes)),
      ...lintNobody(spec),
    ]);
  const ofServices = document.services
    .filter(({ selector, backends }) => {
      return selector !== undefined && backends.length === 0 && !someone(selector);
    })
    .map(({ name, selector = {}, origin }) =>
      lint(
        'PLL_SELECTS_NOTHING',
        `service ${name} has no back-end: no endpoint is ${selectorKey(selector)}`,
        origin,
        'Mend the selector, or add the endpoints that it means.',
      ),
    );
  return [...ofPolicies, ...ofServices];
}

/** The rules of all four lists of a policy, in the order of ingress before egress. */
export function rulesOf(spec: PolicySpec): readonly RuleSpec[] {
  const { ingress = [], ingressDeny = [], egress = [], egressDeny = [] } = spec;
  return [...ingress, ...ingressDeny, ...egress, ...egressDeny];
}

function lintSubject(
  { name, origin, endpointSelector = {}, nodeSelector }: PolicySpec,
  nodes: LintInput['document']['nodes'],
  someone: (selector: SelectorSpec) => boolean,
): Lint[] {
  const found =
    nodeSelector === undefined
      ? someone(endpointSelector)
      : nodes.some(({ labels = {} }) => matchesSelector(nodeSelector, labels));
  if (found) return [];
  const who = nodeSelector === undefined ? 'endpoint' : 'node';
  const selector = selectorKey(nodeSelector ?? endpointSelector);
  return [
    lint(
      'PLL_SELECTS_NOTHING',
      `policy ${name} is about nobody: no ${who} is ${selector}`,
      origin,
      'Mend the selector, or remove the policy; it protects nothing.',
    ),
  ];
}

function lintPeers(
  policy: PolicySpec,
  { endpoints = [], origin = policy.origin }: RuleSpec,
  someone: (selector: SelectorSpec) => boolean,
): Lint[] {
  return endpoints
    .filter((selector) => !asksForReserved(selector) && !someone(selector))
    .map((selector) => noPeer(policy, origin, 'endpoint', selector));
}

function lintNodes(
  policy: PolicySpec,
  { nodes: selectors = [], origin = policy.origin }: RuleSpec,
  nodes: LintInput['document']['nodes'],
): Lint[] {
  return selectors
    .filter((selector) => !nodes.some(({ labels = {} }) => matchesSelector(selector, labels)))
    .map((selector) => noPeer(policy, origin, 'node', selector));
}

function noPeer(
  { name }: PolicySpec,
  origin: Origin,
  who: 'endpoint' | 'node',
  selector: SelectorSpec,
): Lint {
  return lint(
    'PLL_NO_PEER',
    `a rule of policy ${name} names nobody: no ${who} is ${selectorKey(selector)}`,
    origin,
    `Mend the selector; until ${who === 'node' ? 'a' : 'an'} ${who} has these labels the rule does nothing.`,
  );
}

const PEERS = ['endpoints', 'cidr', 'cidrSet', 'entities', 'nodes', 'fqdns'] as const;

/** Rules with nothing in the list of their peers: as it was written, or groups and services have nothing to give. */
function lintNobody(policy: PolicySpec): Lint[] {
  const byOrigin = new Map<string, RuleSpec[]>();
  // Of a rule that names a service there may be two, for endpoints and for who is outside.
  for (const rule of rulesOf(policy)) {
    const key = originKey(rule.origin ?? policy.origin);
    byOrigin.set(key, [...(byOrigin.get(key) ?? []), rule]);
  }
  return [...byOrigin.values()]
    .filter((rules) => rules.every(isAboutNobody))
    .map(([rule]) =>
      lint(
        'PLL_NO_PEER',
        `a rule of policy ${policy.name} names nobody: its list of peers is empty`,
        rule?.origin ?? policy.origin,
        'Name the peers, or fill the group or the service that it names; without the list it would mean anybody.',
      ),
    );
}

function isAboutNobody(rule: RuleSpec): boolean {
  const named = PEERS.filter((kind) => rule[kind] !== undefined);
  return named.length > 0 && named.every((kind) => rule[kind]?.length === 0);
}
