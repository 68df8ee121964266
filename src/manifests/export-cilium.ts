import type { CIDRGroupRefSpec, PolicySpec, PortRuleSpec, RuleSpec } from '../model/program.js';
import { refuseOurs, type Manifest, type Refuse } from './export.js';
import type { ExportedServices } from './export-service.js';
import { defined } from './reader.js';

/** One to one: the shape of our policies is Cilium's. */
export function ciliumManifest(
  policy: PolicySpec,
  services: ExportedServices,
  refuse: Refuse,
): Manifest[] {
  refuseOurs(policy, refuse);
  const { name, namespace, labels, description, log, enableDefaultDeny } = policy;
  const { endpointSelector, nodeSelector, ingress, ingressDeny, egress, egressDeny } = policy;
  const write = (rules: readonly RuleSpec[] | undefined, direction: 'from' | 'to') =>
    rules?.map((rule) => ruleOf(rule, direction, services, refuse));
  return [
    {
      apiVersion: 'cilium.io/v2',
      kind: namespace === undefined ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy',
      metadata: { name, ...(namespace && { namespace }), ...(labels && { labels }) },
      spec: defined({
        description,
        log,
        endpointSelector,
        nodeSelector,
        enableDefaultDeny,
        ingress: write(ingress, 'from'),
        ingressDeny: write(ingressDeny, 'from'),
        egress: write(egress, 'to'),
        egressDeny: write(egressDeny, 'to'),
      }),
    },
  ];
}

function ruleOf(
  rule: RuleSpec,
  direction: 'from' | 'to',
  exported: ExportedServices,
  refuse: Refuse,
): object {
  const { endpoints, cidr, cidrSet, cidrGroups, entities, nodes, fqdns, toPorts, icmps } = rule;
  if ((rule.cidrMatchMode ?? []).length > 0) {
    const hint = "It is an option of Cilium's agent: policy-cidr-match-mode.";
    refuse('cidrMatchMode', hint);
  }
  return defined({
    [`${direction}Endpoints`]: endpoints,
    [`${direction}CIDR`]: cidr,
    [`${direction}CIDRSet`]: (cidrSet ?? cidrGroups) && [
      ...(cidrSet ?? []),
      ...(cidrGroups ?? []).map(groupOf),
    ],
    [`${direction}Entities`]: entities,
    [`${direction}Nodes`]: nodes,
    toServices: rule.services?.map((name) => serviceOf(name, exported, refuse)),
    toFQDNs: fqdns,
    toPorts: toPorts?.map((group) => portsOf(group, refuse)),
    icmps,
  });
}

function groupOf({ name, selector, except }: CIDRGroupRefSpec): object {
  return defined({
    cidrGroupRef: selector === undefined ? name : undefined,
    cidrGroupSelector: selector,
    except,
  });
}

function serviceOf(name: string, exported: ExportedServices, refuse: Refuse): object {
  const namespace = exported.namespaces.get(name);
  if (namespace === undefined) {
    const why = exported.refusals.get(name) ?? 'is not there';
    refuse(`the service ${name}, which ${why}`, 'Select its back-ends, or name their CIDRs.');
  }
  return { k8sService: defined({ serviceName: name, namespace }) };
}

/** Cilium writes numbers of ports as text. */
function portsOf({ ports, rules, serverNames }: PortRuleSpec, refuse: Refuse): object {
  if (rules?.denyBody !== undefined) {
    refuse('denyBody', 'It is an option of Cilium: http-403-msg of its configuration.');
  }
  if ([rules?.http, rules?.dns, serverNames].some((list) => list?.length === 0)) {
    refuse('an empty list of rules of layer 7', 'It lets everything through there: leave it out.');
  }
  const { http, dns, l7proto, l7 } = rules ?? {};
  return defined({
    ports: ports.map(({ port, ...rest }) => ({ port: String(port), ...rest })),
    rules: rules === undefined ? undefined : defined({ http, dns, l7proto, l7 }),
    serverNames,
  });
}
