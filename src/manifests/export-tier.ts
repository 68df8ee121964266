import { LAST_PORT } from '../model/port.js';
import { contains, parseAddress, parsePrefix } from '../model/prefix.js';
import type {
  FQDNSelectorSpec,
  NodeSpec,
  PolicySpec,
  PortSpec,
  RuleSpec,
  SelectorSpec,
} from '../model/program.js';
import { about, nos, refuseOurs, type Manifest, type No, type Refuse } from './export.js';
import { isAnything, splitSelector } from './export-selector.js';
import { defined } from './reader.js';

const HINT = 'Say it by pods, nodes, networks and ports, or leave it out.';

/** A policy of a tier, with its groups of prefixes written out, as ClusterNetworkPolicy. */
export function tierManifest(
  policy: PolicySpec,
  refuse: Refuse,
  nodes: readonly NodeSpec[],
): Manifest[] {
  refuseOurs(policy, refuse);
  const { tier, priority, endpointSelector, nodeSelector, ingress = [], egress = [] } = policy;
  const no = nos(refuse, HINT);
  no('tiers of nodes', nodeSelector !== undefined);
  no('log', policy.log !== undefined);
  const from = ingress.map((rule) => ruleOf(rule, 'from', no, nodes));
  const to = egress.map((rule) => ruleOf(rule, 'to', no, nodes));
  return [
    {
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: about(policy),
      spec: defined({
        tier,
        priority,
        subject: podsOf(endpointSelector ?? {}, no),
        ingress: from.length > 0 ? from : undefined,
        egress: to.length > 0 ? to : undefined,
      }),
    },
  ];
}

function ruleOf(
  rule: RuleSpec,
  direction: 'from' | 'to',
  no: No,
  nodes: readonly NodeSpec[],
): object {
  const { action, entities, services, icmps, toPorts } = rule;
  no('entities in tiers', entities !== undefined);
  no('services as peers', services !== undefined);
  no('ICMP', icmps !== undefined);
  no(
    'rules of layer 7',
    (toPorts ?? []).some(({ rules, serverNames }) => (rules ?? serverNames) !== undefined),
  );
  const peers = peersOf(rule, direction, no, nodes);
  const isNamed = (entities ?? services) !== undefined;
  no('a rule of a tier for any peer, or for none', peers.length === 0 && !isNamed);
  const protocols = (toPorts ?? []).flatMap(({ ports }) => ports.flatMap((p) => portsOf(p, no)));
  no('an empty list of ports', toPorts !== undefined && protocols.length === 0);
  return defined({
    action,
    [direction]: peers,
    protocols: toPorts === undefined ? undefined : protocols,
  });
}

function peersOf(
  rule: RuleSpec,
  direction: 'from' | 'to',
  no: No,
  nodes: readonly NodeSpec[],
): object[] {
  const { endpoints = [], nodes: byLabel, cidr, cidrSet, fqdns = [] } = rule;
  const pods = endpoints.map((selector) => podsOf(selector, no));
  const isOutside = (byLabel ?? cidr ?? cidrSet) !== undefined;
  if (direction === 'from') {
    no('nodes and networks as peers of ingress in tiers', isOutside);
    return pods;
  }
  const networks = networksOf(rule, no, nodes);
  const domainNames = fqdns.map((one) => domainNameOf(one, no));
  return [
    ...pods,
    ...(byLabel ?? []).map((selector) => ({ nodes: selector })),
    ...(networks.length > 0 ? [{ networks }] : []),
    ...(domainNames.length > 0 ? [{ domainNames }] : []),
  ];
}

/** Networks mean whoever has an address in them: pods and nodes, too. */
function networksOf(
  { cidr = [], cidrSet = [], cidrMatchMode = [] }: RuleSpec,
  no: No,
  nodes: readonly NodeSpec[],
): string[] {
  const all = [...cidr, ...cidrSet.map((entry) => entry.cidr)];
  if (all.length === 0) return [];
  no(
    'exceptions from networks in tiers',
    cidrSet.some(({ except = [] }) => except.length > 0),
  );
  no('networks in tiers that do not mean pods', !cidrMatchMode.includes('pods'));
  const addresses = nodes.flatMap((node) => [...node.gateways, ...node.addresses]);
  no(
    'networks in tiers that do not mean the nodes in them',
    !cidrMatchMode.includes('nodes') && addresses.some((text) => isInside(text, all)),
  );
  return all;
}

function isInside(text: string, prefixes: readonly string[]): boolean {
  const address = parseAddress(text);
  return prefixes.map(parsePrefix).some((prefix) => {
    return prefix !== undefined && address !== undefined && contains(prefix, address);
  });
}

/** There a star stands for one label or more. */
function domainNameOf({ matchName, matchPattern = '' }: FQDNSelectorSpec, no: No): string {
  if (matchName !== undefined) return matchName;
  const rest = matchPattern.replace(/^\*\*\./, '');
  no(`the pattern ${matchPattern} in tiers`, rest === matchPattern || rest.includes('*'));
  return `*.${rest}`;
}

function podsOf(selector: SelectorSpec, no: No): object {
  const { namespaceSelector, podSelector } = splitSelector(selector, no);
  return isAnything(podSelector)
    ? { namespaces: namespaceSelector }
    : { pods: { namespaceSelector, podSelector } };
}

function portsOf({ port, endPort, protocol = 'ANY' }: PortSpec, no: No): object[] {
  const number = Number(port);
  if (!Number.isInteger(number)) {
    no(`the name of a port of ${protocol} alone`, protocol !== 'ANY');
    return [{ destinationNamedPort: String(port) }];
  }
  const end = endPort ?? number;
  const destination = end === number ? { number } : { range: { start: number, end } };
  const isAll = number === 1 && end === LAST_PORT;
  const names = protocol === 'ANY' ? ['tcp', 'udp', 'sctp'] : [protocol.toLowerCase()];
  return names.map((name) => ({ [name]: isAll ? {} : { destinationPort: destination } }));
}
