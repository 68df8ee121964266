import { contains, parseAddress, parsePrefix } from './prefix.js';
import type { EndpointSpec, Labels, NodeSpec, PolicySpec, ProgramDocument } from './program.js';

/** What keys of labels begin with that say in which prefixes of rules an endpoint or node is. */
export const CIDR_SOURCE = 'cidr:';

export function cidrLabel(prefix: string): string {
  return CIDR_SOURCE + prefix;
}

/**
 * The document with labels for what rules with a `cidrMatchMode` can tell apart: those of endpoints
 * (nodes) one of whose addresses is in a prefix of such a rule. Identities come from labels, so that
 * endpoints inside and outside of a prefix become different peers.
 */
export function withCidrLabels(document: ProgramDocument): ProgramDocument {
  const pods = prefixesOf(document.policies, 'pods');
  const nodes = prefixesOf(document.policies, 'nodes');
  if (pods.length === 0 && nodes.length === 0) return document;
  return {
    ...document,
    endpoints: document.endpoints.map((endpoint) => labelEndpoint(endpoint, pods)),
    nodes: document.nodes.map((node) => labelNode(node, nodes)),
  };
}

function labelEndpoint(endpoint: EndpointSpec, prefixes: readonly string[]): EndpointSpec {
  return { ...endpoint, labels: { ...endpoint.labels, ...inside(endpoint.addresses, prefixes) } };
}

function labelNode(node: NodeSpec, prefixes: readonly string[]): NodeSpec {
  const own = inside([...node.gateways, ...node.addresses], prefixes);
  return Object.keys(own).length === 0 ? node : { ...node, labels: { ...node.labels, ...own } };
}

function inside(addresses: readonly string[], prefixes: readonly string[]): Labels {
  const holds = (text: string): boolean => {
    const prefix = parsePrefix(text);
    return addresses.map(parseAddress).some((address) => {
      return prefix !== undefined && address !== undefined && contains(prefix, address);
    });
  };
  return Object.fromEntries(prefixes.filter(holds).map((text) => [cidrLabel(text), '']));
}

/** Prefixes and their exceptions in rules that mean endpoints, or nodes; what is none is validated later. */
function prefixesOf(policies: readonly PolicySpec[], mode: 'pods' | 'nodes'): string[] {
  const rules = policies.flatMap(({ ingress, ingressDeny, egress, egressDeny }) => [
    ...(ingress ?? []),
    ...(ingressDeny ?? []),
    ...(egress ?? []),
    ...(egressDeny ?? []),
  ]);
  const texts = rules
    .filter(({ cidrMatchMode }) => cidrMatchMode?.includes(mode))
    .flatMap(({ cidr = [], cidrSet = [] }) => [
      ...cidr,
      ...cidrSet.flatMap((entry) => [entry.cidr, ...(entry.except ?? [])]),
    ]);
  return [...new Set(texts)].sort();
}
