import type { Labels, PolicySpec, ProgramDocument, RuleSpec, SelectorSpec } from './program.js';

/**
 * Sources that a key need not be written with: endpoints have all their labels from one place, so that
 * `k8s:app`, `any:app` and `app` are one key. Other sources (`reserved:`, `port:`) are part of the key.
 */
const PLAIN_SOURCE = /^(k8s|any):/;

export function canonicalKey(key: string): string {
  return key.replace(PLAIN_SOURCE, '');
}

/** The same labels, with no more sources than needed. What is canonical is the same object. */
export function canonicalLabels(labels: Labels): Labels {
  if (!Object.keys(labels).some((key) => PLAIN_SOURCE.test(key))) return labels;
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [canonicalKey(key), value]),
  );
}

/** The same selector, with no more sources than needed: all its terms still hold together. */
export function canonicalSelector(selector: SelectorSpec): SelectorSpec {
  const { matchLabels, matchExpressions } = selector;
  const matched: Record<string, string> = {};
  const terms = (matchExpressions ?? []).map((term) => ({ ...term, key: canonicalKey(term.key) }));
  for (const [key, value] of Object.entries(matchLabels ?? {})) {
    const own = canonicalKey(key);
    // One key written twice asks for both values.
    if (Object.hasOwn(matched, own)) terms.push({ key: own, operator: 'In', values: [value] });
    else matched[own] = value;
  }
  return {
    ...(matchLabels && { matchLabels: matched }),
    ...(terms.length > 0 || matchExpressions ? { matchExpressions: terms } : {}),
  };
}

/** The document with every label and selector canonical. */
export function canonicalSources(document: ProgramDocument): ProgramDocument {
  return {
    ...document,
    nodes: document.nodes.map(({ labels, ...node }) => ({
      ...node,
      ...(labels && { labels: canonicalLabels(labels) }),
    })),
    endpoints: document.endpoints.map((e) => ({ ...e, labels: canonicalLabels(e.labels) })),
    policies: document.policies.map(canonicalPolicy),
    services: document.services.map(({ selector, ...service }) => ({
      ...service,
      ...(selector && { selector: canonicalSelector(selector) }),
    })),
  };
}

function canonicalPolicy(policy: PolicySpec): PolicySpec {
  const { endpointSelector, nodeSelector, ingress, ingressDeny, egress, egressDeny } = policy;
  return {
    ...policy,
    ...(endpointSelector && { endpointSelector: canonicalSelector(endpointSelector) }),
    ...(nodeSelector && { nodeSelector: canonicalSelector(nodeSelector) }),
    ...(ingress && { ingress: ingress.map(canonicalRule) }),
    ...(ingressDeny && { ingressDeny: ingressDeny.map(canonicalRule) }),
    ...(egress && { egress: egress.map(canonicalRule) }),
    ...(egressDeny && { egressDeny: egressDeny.map(canonicalRule) }),
  };
}

function canonicalRule(rule: RuleSpec): RuleSpec {
  const { endpoints, nodes } = rule;
  return {
    ...rule,
    ...(endpoints && { endpoints: endpoints.map(canonicalSelector) }),
    ...(nodes && { nodes: nodes.map(canonicalSelector) }),
  };
}
