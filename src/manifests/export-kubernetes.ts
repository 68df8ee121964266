import { namesNamespace } from '../model/namespace.js';
import type { PolicySpec, PortSpec, RuleSpec, SelectorSpec } from '../model/program.js';
import { about, nos, refuseOurs, type Manifest, type No, type Refuse } from './export.js';
import { splitSelector } from './export-selector.js';
import { defined } from './reader.js';

const HINT = 'Use --format cilium, or say it otherwise.';

/** What NetworkPolicy of Kubernetes has words for: who may, by label or prefix, at which ports. */
export function kubernetesManifest(policy: PolicySpec, refuse: Refuse): Manifest[] {
  refuseOurs(policy, refuse);
  const { namespace, endpointSelector, ingress = [], egress = [] } = policy;
  const no = nos(refuse, HINT);
  no('a policy of all namespaces', namespace === undefined);
  no('policies about nodes', policy.nodeSelector !== undefined);
  no('rules that deny', (policy.ingressDeny ?? policy.egressDeny) !== undefined);
  no('log', policy.log !== undefined);
  const isolates = {
    ingress: policy.enableDefaultDeny?.ingress ?? ingress.length > 0,
    egress: policy.enableDefaultDeny?.egress ?? egress.length > 0,
  };
  no('rules that make nobody default-deny', !isolates.ingress && ingress.length > 0);
  no('rules that make nobody default-deny', !isolates.egress && egress.length > 0);
  no('a policy that makes nobody default-deny', !isolates.ingress && !isolates.egress);
  const rules = (list: readonly RuleSpec[], direction: 'from' | 'to') =>
    list.filter((rule) => !isOfNobody(rule)).map((rule) => ruleOf(rule, direction, no));
  const [from, to] = [rules(ingress, 'from'), rules(egress, 'to')];
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: about(policy),
      spec: defined({
        podSelector: endpointSelector ?? {},
        policyTypes: [
          ...(isolates.ingress ? ['Ingress'] : []),
          ...(isolates.egress ? ['Egress'] : []),
        ],
        ingress: from.length > 0 ? from : undefined,
        egress: to.length > 0 ? to : undefined,
      }),
    },
  ];
}

/** A rule of nobody isolates and allows nothing; an empty one would be everybody for Kubernetes. */
function isOfNobody(rule: RuleSpec): boolean {
  const { endpoints, cidr, cidrSet, entities, nodes, services, fqdns, toPorts, icmps } = rule;
  const lists = [endpoints, cidr, cidrSet, entities, nodes, services, fqdns].filter(
    (list) => list !== undefined,
  );
  if (lists.length === 0) return toPorts === undefined && icmps === undefined;
  return lists.every((list) => list.length === 0);
}

function ruleOf(rule: RuleSpec, direction: 'from' | 'to', no: No): object {
  const { endpoints = [], cidr = [], cidrSet = [], entities, toPorts } = rule;
  // No peers are everybody there.
  no('entities', entities !== undefined && !entities.includes('all'));
  no('nodes as peers', rule.nodes !== undefined);
  no('services as peers', rule.services !== undefined);
  no('names of the DNS', rule.fqdns !== undefined);
  no('ICMP', rule.icmps !== undefined);
  no(
    'rules of layer 7',
    (toPorts ?? []).some(({ rules, serverNames }) => (rules ?? serverNames) !== undefined),
  );
  no('cidrMatchMode', (rule.cidrMatchMode ?? []).length > 0);
  const blocks = [...cidr.map((one) => ({ cidr: one })), ...cidrSet];
  const peers = [
    ...endpoints.map((selector) => peerOf(selector, no)),
    ...blocks.map((ipBlock) => ({ ipBlock })),
  ];
  const ports = (toPorts ?? []).flatMap((group) => group.ports.flatMap(portsOf));
  no('a list of ports that is empty', toPorts !== undefined && ports.length === 0);
  return defined({
    [direction]: peers.length > 0 ? peers : undefined,
    ports: ports.length > 0 ? ports : undefined,
  });
}

function peerOf(selector: SelectorSpec, no: No): object {
  const { namespaceSelector, podSelector } = splitSelector(selector, no);
  return namesNamespace(selector) ? { namespaceSelector, podSelector } : { podSelector };
}

function portsOf({ port, endPort, protocol = 'ANY' }: PortSpec): object[] {
  const number = typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port;
  const protocols = protocol === 'ANY' ? ['TCP', 'UDP', 'SCTP'] : [protocol];
  return protocols.map((name) => ({
    protocol: name,
    port: number,
    ...(endPort !== undefined && { endPort }),
  }));
}
