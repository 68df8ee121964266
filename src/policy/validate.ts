import type { PlumbError } from '../model/error.js';
import { complain } from '../model/complain.js';
import { fqdnProblem } from '../model/fqdn.js';
import { RESERVED, RESERVED_SOURCE, type Identity } from '../model/identity.js';
import { LABEL_HINT, labelKeyProblem, labelValueProblem } from '../model/labels.js';
import { CIDR_SOURCE } from '../model/cidr-label.js';
import { PORT_SOURCE } from '../model/named-port.js';
import { contains, formatPrefix, networkOf, parsePrefix } from '../model/prefix.js';
import type { NodeSpec, PolicySpec, RuleSpec, SelectorSpec } from '../model/program.js';
import { selectorLabelKeys } from '../model/selector.js';
import { portNamesOf, type PortNames } from './named-ports.js';
import { nearest } from './nearest.js';
import type { Report } from './report.js';
import { checkL7 } from './validate-l7.js';
import { checkPorts } from './validate-ports.js';
import { checkSubject } from './validate-subject.js';
import { checkAction, checkTier } from './validate-tier.js';

const RESERVED_KEYS = Object.keys(RESERVED).map((name) => `${RESERVED_SOURCE}${name}`);

const LISTS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const;

/**
 * Everything that is wrong with policies, gathered. `identities` are all that the program has: a
 * selector that asks for a label key which none of them has is a mistyped one. `nodes` are those of the
 * program, for selectors of nodes.
 */
export function validatePolicies(
  policies: readonly PolicySpec[],
  identities: readonly Identity[],
  nodes: readonly Pick<NodeSpec, 'labels'>[] = [],
): PlumbError[] {
  const all = identities.flatMap(({ labels }) => Object.keys(labels));
  const known = new Set(
    all.filter(
      (key) =>
        ![RESERVED_SOURCE, PORT_SOURCE, CIDR_SOURCE].some((source) => key.startsWith(source)),
    ),
  );
  const peers = new Set([...known, ...RESERVED_KEYS]);
  const ofNodes = new Set(nodes.flatMap(({ labels = {} }) => Object.keys(labels)));
  const names = portNamesOf(identities);
  const errors: PlumbError[] = [];
  for (const policy of policies) {
    const reportAt =
      (rule?: RuleSpec): Report =>
      (code, message, hint) => {
        const origin = rule?.origin ?? policy.origin;
        errors.push(complain(code, { origin }, `policy ${policy.name}: ${message}`, hint));
      };
    const { endpointSelector, nodeSelector } = policy;
    if (endpointSelector !== undefined) checkSelector(endpointSelector, known, reportAt());
    if (nodeSelector !== undefined) checkSelector(nodeSelector, ofNodes, reportAt(), 'node');
    checkSubject(policy, reportAt());
    checkTier(policy, reportAt());
    for (const list of LISTS) {
      for (const rule of policy[list] ?? []) {
        checkAction(policy, rule, reportAt(rule));
        checkRule(rule, peers, names, reportAt(rule));
        checkNames(rule, list, reportAt(rule));
        checkL7(policy, rule, list, reportAt(rule));
        for (const one of rule.nodes ?? []) checkSelector(one, ofNodes, reportAt(rule), 'node');
        if (
          rule.cidrMatchMode !== undefined &&
          rule.cidr === undefined &&
          rule.cidrSet === undefined
        ) {
          const hint = 'Leave cidrMatchMode out, or name CIDRs.';
          reportAt(rule)('PLB_INVALID_CIDR', 'a rule without CIDRs says whom they mean', hint);
        }
      }
    }
  }
  return errors;
}

function checkRule(
  rule: RuleSpec,
  known: ReadonlySet<string>,
  names: PortNames,
  report: Report,
): void {
  const kinds = [
    rule.endpoints !== undefined && 'endpoints',
    (rule.cidr !== undefined || rule.cidrSet !== undefined) && 'CIDRs',
    rule.entities !== undefined && 'entities',
    rule.nodes !== undefined && 'nodes',
    rule.fqdns !== undefined && 'names',
  ].filter((kind) => kind !== false);
  if (kinds.length > 1) {
    report(
      'PLB_PEER_KINDS',
      `one rule names its peers by ${kinds.join(' and by ')}`,
      'Write one rule for each kind of peer: rules add up.',
    );
  }
  for (const selector of rule.endpoints ?? []) checkSelector(selector, known, report);
  for (const cidr of rule.cidr ?? []) checkCidr(cidr, [], report);
  for (const { cidr, except = [] } of rule.cidrSet ?? []) checkCidr(cidr, except, report);
  checkPorts(rule, names, report);
}

function checkSelector(
  selector: SelectorSpec,
  known: ReadonlySet<string>,
  report: Report,
  who = 'endpoint',
): void {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const malformed = (problem: string | undefined, what: string): boolean => {
    if (problem === undefined) return false;
    report('PLB_INVALID_LABEL', `${what}: ${problem}`, LABEL_HINT);
    return true;
  };
  const values = [
    ...Object.values(matchLabels),
    ...matchExpressions.flatMap((t) => t.values ?? []),
  ];
  for (const value of values) malformed(labelValueProblem(value), 'selector');
  for (const key of selectorLabelKeys(selector)) {
    if (malformed(labelKeyProblem(key), `label ${JSON.stringify(key)}`) || known.has(key)) continue;
    const guess = nearest(key, known);
    report(
      'PLB_UNKNOWN_LABEL',
      `no ${who} has a label ${key}`,
      guess === undefined
        ? `Give the label to one, or select by one that exists.`
        : `Did you mean ${guess}?`,
    );
  }
  for (const { key, operator, values: some = [] } of matchExpressions) {
    const takesValues = operator === 'In' || operator === 'NotIn';
    if (takesValues === some.length > 0) continue;
    report(
      'PLB_INVALID_SELECTOR',
      `${key} ${operator} ${takesValues ? 'needs values' : 'takes no values'}`,
      'In and NotIn take one value or more, Exists and DoesNotExist none.',
    );
  }
}

function checkNames(rule: RuleSpec, list: (typeof LISTS)[number], report: Report): void {
  const { fqdns, action } = rule;
  if (fqdns === undefined) return;
  if (list !== 'egress' || action === 'Deny') {
    const hint = 'Write them in rules of egress that allow, or deny prefixes instead.';
    report('PLB_INVALID_FQDN', 'names are only for what may be reached', hint);
  }
  for (const selector of fqdns) {
    const problem = fqdnProblem(selector);
    if (problem === undefined) continue;
    const hint = "Write matchName: 'www.example.org' or matchPattern: '*.example.org'.";
    report('PLB_INVALID_FQDN', problem, hint);
  }
}

function checkCidr(cidr: string, except: readonly string[], report: Report): void {
  const outer = parsePrefix(cidr);
  if (outer === undefined) {
    report('PLB_INVALID_CIDR', `${cidr} is no CIDR`, 'Write it like 10.0.0.0/8 or fd00::/64.');
    return;
  }
  checkHostBits(cidr, report);
  for (const hole of except) {
    const inner = parsePrefix(hole);
    if (inner === undefined) {
      report('PLB_INVALID_CIDR', `${hole} is no CIDR`, 'Write it like 10.0.0.0/8 or fd00::/64.');
    } else if (inner.length < outer.length || !contains(outer, inner)) {
      report(
        'PLB_INVALID_CIDR',
        `the exception ${hole} is not inside ${cidr}`,
        'An exception only takes something out of its own CIDR.',
      );
    } else checkHostBits(hole, report);
  }
}

function checkHostBits(text: string, report: Report): void {
  const prefix = parsePrefix(text);
  if (prefix === undefined) return;
  const network = networkOf(prefix);
  if (network.value === prefix.value) return;
  report('PLB_INVALID_CIDR', `${text} has host bits set`, `Write ${formatPrefix(network)}.`);
}
