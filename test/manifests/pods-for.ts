import { CLUSTER_LABEL, SERVICE_ACCOUNT_LABEL } from '../../src/manifests/workload.js';
import { PORT_SOURCE } from '../../src/model/named-port.js';
import { NAMESPACE_LABEL } from '../../src/model/namespace.js';
import type {
  Labels,
  PolicySpec,
  ProgramDocument,
  RuleSpec,
  SelectorSpec,
} from '../../src/model/program.js';
import { program } from './arbitrary-programs.js';

const rulesOf = (policy: PolicySpec): readonly RuleSpec[] =>
  [policy.ingress, policy.ingressDeny, policy.egress, policy.egressDeny].flatMap((r) => r ?? []);

/**
 * The document with endpoints that its rules are about: for each selector one that matches it, in the
 * policy's namespace and in another one, and two that nothing selects by name. They have all ports that
 * rules call by name.
 */
export function withPods(document: ProgramDocument): ProgramDocument {
  const { policies, services, cidrGroups } = document;
  const ports: Record<string, string> = {};
  for (const { toPorts = [] } of policies.flatMap(rulesOf)) {
    for (const { port, protocol } of toPorts.flatMap((group) => group.ports)) {
      if (Number.isNaN(Number(port))) {
        const transport = protocol === undefined || protocol === 'ANY' ? 'TCP' : protocol;
        ports[`${PORT_SOURCE}${String(port)}`] = `8080/${transport}`;
      }
    }
  }
  const matching = policies.flatMap((policy) => {
    const { namespace = 'default', endpointSelector } = policy;
    const selectors = [endpointSelector, ...rulesOf(policy).flatMap((r) => r.endpoints ?? [])];
    return selectors.flatMap((selector) => {
      const own = selector && labelsFor(selector);
      return own === undefined ? [] : [{ [NAMESPACE_LABEL]: namespace, ...own }, { ...own }];
    });
  });
  const others = ['default', 'elsewhere'].map((namespace) => ({
    ...{ [NAMESPACE_LABEL]: namespace, app: 'bystander' },
  }));
  const all = [...matching, ...others].map((own) => ({
    ...{ [NAMESPACE_LABEL]: 'default', [SERVICE_ACCOUNT_LABEL]: 'default' },
    ...{ [CLUSTER_LABEL]: 'default', ...ports, ...own },
  }));
  const made = [...new Map(all.map((own) => [JSON.stringify(sorted(own)), own])).values()];
  const node = nodeSelectorsOf(policies)
    .map(labelsFor)
    .find((own) => own !== undefined);
  const whole = program(made, policies, { services, ...(cidrGroups && { cidrGroups }) });
  return { ...whole, nodes: whole.nodes.map((one) => ({ ...one, ...(node && { labels: node }) })) };
}

/** Of addresses that rules name, the first of each prefix. */
export function addressesIn({ policies }: ProgramDocument): string[] {
  const cidrs = policies
    .flatMap(rulesOf)
    .flatMap(({ cidr = [], cidrSet = [] }) => [
      ...cidr,
      ...cidrSet.flatMap((one) => [one.cidr, ...(one.except ?? [])]),
    ]);
  return [...new Set(cidrs.map((text) => text.split('/')[0] ?? text))];
}

function nodeSelectorsOf(policies: readonly PolicySpec[]): SelectorSpec[] {
  return policies.flatMap((p) => [
    ...(p.nodeSelector ? [p.nodeSelector] : []),
    ...rulesOf(p).flatMap(({ nodes = [] }) => nodes),
  ]);
}

/** Labels that a selector matches; undefined for one of reserved identities. */
function labelsFor({ matchLabels = {}, matchExpressions = [] }: SelectorSpec): Labels | undefined {
  const own: Record<string, string> = { ...matchLabels };
  for (const { key, operator, values = [] } of matchExpressions) {
    if (operator === 'In') own[key] = values[0] ?? '';
    if (operator === 'NotIn') own[key] = 'another';
    if (operator === 'Exists') own[key] ??= 'x';
  }
  const plain = Object.entries(own).map(([key, value]) => [key.replace(/^(k8s|any):/, ''), value]);
  const keys = plain.map(([key = '']) => key);
  return keys.some((key) => /^(reserved|cidr):/.test(key)) ? undefined : Object.fromEntries(plain);
}

function sorted(labels: Labels): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}
