import { inNamespace, namesNamespace } from '../model/namespace.js';
import type { PolicySpec, RuleSpec, SelectorSpec } from '../model/program.js';
import { asksForReserved } from './peers.js';

/**
 * A policy in fewer words with the same meaning: that of a namespace names it wherever Cilium would add
 * it, to its subject always, and to selectors of peers that name none.
 */
export function lowerPolicy(spec: PolicySpec): PolicySpec {
  const { namespace, ingress, ingressDeny, egress, egressDeny } = spec;
  if (namespace === undefined) return spec;
  const lower = (rule: RuleSpec): RuleSpec => inOwnNamespace(rule, namespace);
  return {
    ...spec,
    endpointSelector: inNamespace(spec.endpointSelector, namespace),
    ...(ingress && { ingress: ingress.map(lower) }),
    ...(ingressDeny && { ingressDeny: ingressDeny.map(lower) }),
    ...(egress && { egress: egress.map(lower) }),
    ...(egressDeny && { egressDeny: egressDeny.map(lower) }),
  };
}

function inOwnNamespace(rule: RuleSpec, namespace: string): RuleSpec {
  const { endpoints } = rule;
  if (endpoints === undefined) return rule;
  // Hosts and their like are in no namespace.
  const add = (selector: SelectorSpec): SelectorSpec =>
    namesNamespace(selector) || asksForReserved(selector)
      ? selector
      : inNamespace(selector, namespace);
  return { ...rule, endpoints: endpoints.map(add) };
}
