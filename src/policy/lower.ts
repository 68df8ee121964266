import { inNamespace, namesNamespace } from '../model/namespace.js';
import type { PolicySpec, RuleSpec, SelectorSpec } from '../model/program.js';
import { asksForReserved } from './peers.js';

/**
 * A policy in fewer words with the same meaning: that of a namespace names it wherever Cilium would add
 * it, to its subject always, and to selectors of peers that name none.
 */
export function lowerPolicy(original: PolicySpec): PolicySpec {
  const spec = original.tier === undefined ? original : withPlaces(original);
  const { namespace, ingress, ingressDeny, egress, egressDeny } = spec;
  if (namespace === undefined) return spec;
  const lower = (rule: RuleSpec): RuleSpec => inOwnNamespace(rule, namespace);
  return {
    ...spec,
    endpointSelector: inNamespace(spec.endpointSelector ?? {}, namespace),
    ...(ingress && { ingress: ingress.map(lower) }),
    ...(ingressDeny && { ingressDeny: ingressDeny.map(lower) }),
    ...(egress && { egress: egress.map(lower) }),
    ...(egressDeny && { egressDeny: egressDeny.map(lower) }),
  };
}

function inOwnNamespace(rule: RuleSpec, namespace: string): RuleSpec {
  const { endpoints, services } = rule;
  // Services are of no namespace, and so is what they select.
  if (endpoints === undefined || services !== undefined) return rule;
  // Hosts and their like are in no namespace.
  const add = (selector: SelectorSpec): SelectorSpec =>
    namesNamespace(selector) || asksForReserved(selector)
      ? selector
      : inNamespace(selector, namespace);
  return { ...rule, endpoints: endpoints.map(add) };
}

/** A rule that knows its place in its list, whatever becomes of the list. */
export interface PlacedRule extends RuleSpec {
  readonly index?: number;
}

function withPlaces(spec: PolicySpec): PolicySpec {
  const place = (rule: RuleSpec, index: number): PlacedRule => ({ ...rule, index });
  const { ingress, egress } = spec;
  return {
    ...spec,
    ...(ingress && { ingress: ingress.map(place) }),
    ...(egress && { egress: egress.map(place) }),
  };
}
