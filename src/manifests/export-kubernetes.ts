import { NAMESPACE_LABEL, NAMESPACE_LABELS_PREFIX } from '../model/namespace.js';
import type { PolicySpec, PortSpec, RuleSpec, SelectorSpec } from '../model/program.js';
import { refuseOurs, type Manifest, type Refuse } from './export.js';
import { defined } from './reader.js';

const HINT = 'Use --format cilium, or say it otherwise.';
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** What NetworkPolicy of Kubernetes has words for: who may, by label or prefix, at which ports. */
export function kubernetesManifest(policy: PolicySpec, refuse: Refuse): Manifest[] {
  refuseOurs(policy, refuse);
  const { name, namespace, labels, endpointSelector, ingress = [], egress = [] } = policy;
  const no = (what: string, there: boolean): void => {
    if (there) refuse(what, HINT);
  };
  no('a policy of all namespaces', namespace === undefined);
  no('policies about nodes', policy.nodeSelector !== undefined);
  no('rules that deny', (policy.ingressDeny ?? policy.egressDeny) !== undefined);
  no('enableDefaultDeny', policy.enableDefaultDeny !== undefined);
  const rules = (list: readonly RuleSpec[], direction: 'from' | 'to') =>
    list.map((rule) => ruleOf(rule, direction, no));
  const types = [
    ...(ingress.length > 0 ? ['Ingress'] : []),
    ...(egress.length > 0 ? ['Egress'] : []),
  ];
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, ...(namespace && { namespace }), ...(labels && { labels }) },
      spec: defined({
        podSelector: endpointSelector ?? {},
        policyTypes: types,
        ingress: ingress.length > 0 ? rules(ingress, 'from') : undefined,
        egress: egress.length > 0 ? rules(egress, 'to') : undefined,
      }),
    },
  ];
}

type No = (what: string, there: boolean) => void;

function ruleOf(rule: RuleSpec, direction: 'from' | 'to', no: No): object {
  const { endpoints, cidr, cidrSet, toPorts } = rule;
  no('entities', rule.entities !== undefined);
  no('nodes as peers', rule.nodes !== undefined);
  no('names of the DNS', rule.fqdns !== undefined);
  no('ICMP', rule.icmps !== undefined);
  no(
    'rules of layer 7',
    (toPorts ?? []).some(({ rules, serverNames }) => (rules ?? serverNames) !== undefined),
  );
  no('cidrMatchMode', (rule.cidrMatchMode ?? []).length > 0);
  // An empty list is nobody for us, and everybody for Kubernetes.
  no(
    'a list of peers that is empty',
    [endpoints, cidr, cidrSet].some((list) => list?.length === 0),
  );
  const blocks = [...(cidr ?? []).map((one) => ({ cidr: one })), ...(cidrSet ?? [])];
  const peers = [
    ...(endpoints ?? []).map((selector) => peerOf(selector, no)),
    ...blocks.map((ipBlock) => ({ ipBlock })),
  ];
  const ports = (toPorts ?? []).flatMap((group) => group.ports.flatMap(portsOf));
  return defined({
    [direction]: peers.length > 0 ? peers : undefined,
    ports: ports.length > 0 ? ports : undefined,
  });
}

/** Labels of the namespace apart from those of the pod. */
function peerOf({ matchLabels = {}, matchExpressions = [] }: SelectorSpec, no: No): object {
  const isOfNamespace = (key: string): boolean =>
    key === NAMESPACE_LABEL || key.startsWith(NAMESPACE_LABELS_PREFIX);
  const keyOf = (key: string): string =>
    key === NAMESPACE_LABEL ? NAME_LABEL : key.slice(NAMESPACE_LABELS_PREFIX.length);
  const labels = Object.entries(matchLabels);
  const selector = (of: boolean): SelectorSpec => ({
    matchLabels: Object.fromEntries(
      labels
        .filter(([key]) => isOfNamespace(key) === of)
        .map(([key, value]) => [of ? keyOf(key) : key, value]),
    ),
    matchExpressions: matchExpressions
      .filter(({ key }) => isOfNamespace(key) === of)
      .map((term) => ({ ...term, key: of ? keyOf(term.key) : term.key })),
  });
  no(
    'reserved identities as peers',
    labels.some(([key]) => key.startsWith('reserved:')),
  );
  const namespaceSelector = trimmed(selector(true));
  const podSelector = trimmed(selector(false));
  return Object.keys(namespaceSelector).length === 0
    ? { podSelector }
    : { namespaceSelector, podSelector };
}

function trimmed({ matchLabels = {}, matchExpressions = [] }: SelectorSpec): SelectorSpec {
  return {
    ...(Object.keys(matchLabels).length > 0 && { matchLabels }),
    ...(matchExpressions.length > 0 && { matchExpressions }),
  };
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
