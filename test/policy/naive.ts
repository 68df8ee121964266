import ipaddr from 'ipaddr.js';
import type { ReservedName } from '../../src/model/identity.js';
import type { HTTPRuleSpec } from '../../src/model/l7.js';
import type {
  Entity,
  Labels,
  NodeSpec,
  PolicySpec,
  PortSpec,
  RuleSpec,
  SelectorSpec,
} from '../../src/model/program.js';

/** One end of a connection as a person would say it: no numbers, no classes. */
export type End =
  | { readonly kind: 'endpoint'; readonly labels: Labels; readonly isLocal: boolean }
  | { readonly kind: 'reserved'; readonly name: ReservedName }
  /** Another node with labels. */
  | { readonly kind: 'node'; readonly labels: Labels }
  /** Outside the cluster. */
  | { readonly kind: 'address'; readonly address: string };

export interface Packet {
  readonly from: End;
  readonly to: End;
  /** IP protocol number. */
  readonly protocol: number;
  /** Destination port; type << 8 | code of ICMP. */
  readonly port: number;
}

const NAMESPACE = 'io.kubernetes.pod.namespace';
const NAMESPACE_LABELS = 'io.cilium.k8s.namespace.labels.';

export type NaiveNode = Pick<NodeSpec, 'enforcement' | 'allowLocalhost' | 'labels'>;
export type NaiveVerdict = 'allow' | 'deny' | 'default-deny';

export interface NaiveDecision {
  readonly allowed: boolean;
  /** Directions that only an audited policy would deny. */
  readonly audited: readonly ('egress' | 'ingress')[];
  /** Absent where the direction is not asked. */
  readonly egress?: NaiveVerdict;
  readonly ingress?: NaiveVerdict;
  /** What is allowed lets only requests through that one of each list matches; none: all. */
  readonly only: readonly (readonly HTTPRuleSpec[])[];
  /** Whose lists these are. */
  readonly by: readonly ('egress' | 'ingress')[];
}

/** What the policies of one end say, and which requests alone they let through. */
interface Said {
  readonly verdict: NaiveVerdict;
  readonly only?: readonly HTTPRuleSpec[] | undefined;
}

/** Judges one packet by reading every rule of every policy, as the text of the policy semantics says. */
export function judgeNaively(
  policies: readonly PolicySpec[],
  node: NaiveNode,
  { from, to, protocol, port }: Packet,
): NaiveDecision {
  // Nothing is judged at the node itself unless some policy selects it.
  const hasHostPolicy = policies.some((policy) => isSubject(policy, HOST, node));
  const isJudgedHost = (end: End): boolean =>
    end.kind === 'reserved' && end.name === 'host' && hasHostPolicy && node.enforcement !== 'never';
  const says = (subject: End, peer: End, direction: 'ingress' | 'egress', all: boolean) =>
    (subject.kind === 'endpoint' && subject.isLocal) || isJudgedHost(subject)
      ? judgeSide(
          policies.filter(({ audit }) => all || audit !== true),
          node,
          subject,
          peer,
          direction,
          protocol,
          port,
        )
      : undefined;
  const isHost = from.kind === 'reserved' && from.name === 'host';
  const asksIngress = !(isHost && node.allowLocalhost);
  const egress = says(from, to, 'egress', false);
  const ingress = asksIngress ? says(to, from, 'ingress', false) : undefined;
  const isAudited = policies.some(({ audit }) => audit === true);
  const judged = {
    egress: isAudited ? says(from, to, 'egress', true) : egress,
    ingress: isAudited && asksIngress ? says(to, from, 'ingress', true) : ingress,
  };
  const enforced = { egress, ingress };
  const audited = (['egress', 'ingress'] as const).filter(
    (direction) =>
      enforced[direction]?.verdict === 'allow' && judged[direction]?.verdict !== 'allow',
  );
  // What is only audited is not filtered.
  const filtered = (['egress', 'ingress'] as const).filter(
    (direction) => enforced[direction]?.only !== undefined && !audited.includes(direction),
  );
  return {
    allowed: [egress, ingress].every((said) => said === undefined || said.verdict === 'allow'),
    audited,
    ...(egress === undefined ? {} : { egress: egress.verdict }),
    ...(ingress === undefined ? {} : { ingress: ingress.verdict }),
    only: filtered.map((direction) => enforced[direction]?.only ?? []),
    by: filtered,
  };
}

const HOST: End = { kind: 'reserved', name: 'host' };

function isSubject(policy: PolicySpec, end: End, node: NaiveNode): boolean {
  const { endpointSelector, nodeSelector, namespace } = policy;
  if (end.kind === 'reserved') {
    return nodeSelector !== undefined && selects(nodeSelector, node.labels ?? {});
  }
  if (endpointSelector === undefined || end.kind !== 'endpoint') return false;
  if (namespace !== undefined && end.labels[NAMESPACE] !== namespace) return false;
  return selects(endpointSelector, end.labels);
}

function judgeSide(
  policies: readonly PolicySpec[],
  node: NaiveNode,
  subject: End,
  peer: End,
  direction: 'ingress' | 'egress',
  protocol: number,
  port: number,
): Said {
  if (node.enforcement === 'never') return { verdict: 'allow' };
  let isolated = false;
  /** Rules that allow, by the requests that they let through. */
  const allowing: (readonly HTTPRuleSpec[] | undefined)[] = [];
  let denied = false;
  /** What the policies of one place in a tier say, by their first rules that match. */
  const ranked: { tier: string; priority: number; actions: string[] }[] = [];
  for (const policy of policies) {
    const { namespace } = policy;
    if (!isSubject(policy, subject, node)) continue;
    const allows = policy[direction] ?? [];
    const to = direction === 'ingress' ? subject : peer;
    const receiver = to.kind === 'endpoint' ? to.labels : {};
    const holds = (rule: RuleSpec) =>
      covers(rule, peer, protocol, port, namespace, receiver, node.labels ?? {});
    const { tier, priority = 0 } = policy;
    if (tier !== undefined) {
      const action = allows.find(holds)?.action;
      const place = ranked.find((one) => one.tier === tier && one.priority === priority);
      if (action === undefined) continue;
      if (place === undefined) ranked.push({ tier, priority, actions: [action] });
      else place.actions.push(action);
      continue;
    }
    const denies = policy[direction === 'ingress' ? 'ingressDeny' : 'egressDeny'] ?? [];
    const declared = policy.enableDefaultDeny?.[direction];
    if (declared ?? (allows.length > 0 || denies.length > 0)) isolated = true;
    for (const rule of allows) {
      for (const part of partsOf(rule)) if (holds(part.rule)) allowing.push(part.http);
    }
    for (const rule of denies) if (holds(rule)) denied = true;
  }
  const tierSays = (name: string): string | undefined => {
    const places = ranked.filter(({ tier }) => tier === name);
    const [first] = places.sort((a, b) => a.priority - b.priority);
    return ['Deny', 'Pass', 'Accept'].find((action) => first?.actions.includes(action));
  };
  const admin = tierSays('Admin');
  if (admin === 'Deny') return { verdict: 'deny' };
  if (admin === 'Accept') return { verdict: 'allow' };
  if (denied) return { verdict: 'deny' };
  if (allowing.length > 0) {
    // What would be let through without any rule is not filtered; nor what a plain rule allows.
    const isFree = !isolated && node.enforcement !== 'always';
    const isPlain = allowing.includes(undefined);
    if (isFree || isPlain) return { verdict: 'allow' };
    const lists = allowing.map((list) => list ?? []);
    const isAnything = lists.some((list) => list.length === 0);
    return { verdict: 'allow', only: isAnything ? [] : lists.flat() };
  }
  if (isolated) return { verdict: 'default-deny' };
  const baseline = tierSays('Baseline');
  if (baseline === 'Deny') return { verdict: 'deny' };
  if (baseline === 'Accept') return { verdict: 'allow' };
  return { verdict: node.enforcement === 'always' ? 'default-deny' : 'allow' };
}

/** A rule once for each group of its ports: each says for itself which requests pass, and of TCP alone. */
function partsOf(rule: RuleSpec): { rule: RuleSpec; http: readonly HTTPRuleSpec[] | undefined }[] {
  const { toPorts } = rule;
  if (toPorts?.some(({ rules }) => rules !== undefined) !== true)
    return [{ rule, http: undefined }];
  return toPorts.map((group) => {
    const http = group.rules?.http;
    const isTcp = ({ protocol = 'ANY' }: PortSpec) => protocol === 'TCP' || protocol === 'ANY';
    const ports = group.ports.filter(isTcp).map((port) => ({ ...port, protocol: 'TCP' as const }));
    return { rule: { ...rule, toPorts: http === undefined ? [group] : [{ ports }] }, http };
  });
}

function covers(
  rule: RuleSpec,
  peer: End,
  protocol: number,
  port: number,
  namespace: string | undefined,
  receiver: Labels,
  hostLabels: Labels,
): boolean {
  const { endpoints, cidr, cidrSet, entities, nodes, toPorts, icmps } = rule;
  const namesPeers = [endpoints, cidr, cidrSet, entities, nodes].some((list) => list !== undefined);
  const namesTraffic = (toPorts ?? icmps) !== undefined;
  if (!namesPeers && !namesTraffic) return false;
  if (namesPeers && !isNamed(rule, peer, namespace, hostLabels)) return false;
  if (!namesTraffic) return true;
  for (const { ports } of toPorts ?? []) {
    for (const one of ports) {
      const called = receiver[`port:${one.port}`];
      if (called !== undefined) {
        const [number, name] = called.split('/');
        const isSame = { TCP: 6, UDP: 17, SCTP: 132 }[name ?? ''] === protocol;
        const isMeant = (one.protocol ?? 'ANY') === 'ANY' || one.protocol === name;
        if (isSame && isMeant && Number(number) === port) return true;
      }
      const numbers = { TCP: [6], UDP: [17], SCTP: [132], ANY: [6, 17, 132] };
      if (!numbers[one.protocol ?? 'ANY'].includes(protocol)) continue;
      if (port >= Number(one.port) && port <= (one.endPort ?? Number(one.port))) return true;
    }
  }
  for (const { fields } of icmps ?? []) {
    for (const { family, type } of fields) {
      if (protocol === (family === 'IPv6' ? 58 : 1) && port >> 8 === type) return true;
    }
  }
  return false;
}

function isNamed(
  { endpoints, cidr, cidrSet, entities, nodes, cidrMatchMode = [] }: RuleSpec,
  peer: End,
  namespace: string | undefined,
  hostLabels: Labels,
): boolean {
  if (nodes?.some((selector) => isNamedNode(selector, peer, hostLabels)) === true) return true;
  if (endpoints?.some((selector) => isSelected(selector, peer, namespace)) === true) return true;
  if (entities?.some((entity) => isEntity(entity, peer)) === true) return true;
  const sets = [...(cidr ?? []).map((text) => ({ cidr: text, except: [] })), ...(cidrSet ?? [])];
  return sets.some(
    ({ cidr: inside, except = [] }) =>
      isIn(peer, inside, cidrMatchMode) && !except.some((hole) => isIn(peer, hole, cidrMatchMode)),
  );
}

function isNamedNode(selector: SelectorSpec, peer: End, hostLabels: Labels): boolean {
  if (peer.kind === 'node') return selects(selector, peer.labels);
  if (peer.kind !== 'reserved' || !['host', 'remote-node'].includes(peer.name)) return false;
  const name = { [`reserved:${peer.name}`]: '' };
  return selects(selector, peer.name === 'host' ? { ...name, ...hostLabels } : name);
}

/** Endpoint selectors mean endpoints; others only when they ask for a reserved label by its name. */
function isSelected(selector: SelectorSpec, peer: End, namespace: string | undefined): boolean {
  const keys = [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).map(({ key }) => key),
  ];
  if (peer.kind === 'endpoint') {
    // A policy of a namespace means its own, unless the selector says which ones.
    const says = keys.some((key) => key === NAMESPACE || key.startsWith(NAMESPACE_LABELS));
    const isElsewhere = namespace !== undefined && peer.labels[NAMESPACE] !== namespace;
    return (says || !isElsewhere) && selects(selector, peer.labels);
  }
  const asked = [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? [])
      .filter(({ operator }) => operator === 'In' || operator === 'Exists')
      .map(({ key }) => key),
  ];
  if (!asked.some((key) => key.startsWith('reserved:'))) return false;
  const names = kindsOf(peer).map((name) => [`reserved:${name}`, ''] as const);
  const more = peer.kind === 'node' ? peer.labels : {};
  return selects(selector, { ...more, ...Object.fromEntries(names) });
}

/** The reserved names that a peer outside the endpoints goes by. */
function kindsOf(peer: Exclude<End, { kind: 'endpoint' }>): string[] {
  if (peer.kind === 'node') return ['remote-node'];
  const name =
    peer.kind === 'reserved' ? peer.name : peer.address.includes(':') ? 'world-ipv6' : 'world-ipv4';
  return name.startsWith('world-') ? [name, 'world'] : [name];
}

function isEntity(entity: Entity, peer: End): boolean {
  if (entity === 'all') return true;
  if (entity === 'none') return false;
  if (peer.kind === 'endpoint') return entity === 'cluster';
  const kinds = kindsOf(peer);
  return entity === 'cluster' ? !kinds.includes('world') : kinds.includes(entity);
}

/** CIDRs speak of addresses outside the cluster; the whole of a family is that family's world. */
function isIn(peer: End, cidr: string, modes: readonly string[]): boolean {
  // In this world the addresses of endpoints and nodes are not told; labels say where they are.
  if (peer.kind === 'endpoint') return modes.includes('pods') && `cidr:${cidr}` in peer.labels;
  if (peer.kind === 'node') return modes.includes('nodes') && `cidr:${cidr}` in peer.labels;
  if (peer.kind === 'reserved') {
    return (
      (peer.name === 'world-ipv4' && cidr === '0.0.0.0/0') ||
      (peer.name === 'world-ipv6' && cidr === '::/0')
    );
  }
  return isAddressIn(peer.address, cidr);
}

export function isAddressIn(address: string, cidr: string): boolean {
  const parsed = ipaddr.parse(address);
  const [range, length] = ipaddr.parseCIDR(cidr);
  return parsed.kind() === range.kind() && parsed.match([range, length]);
}

/** Whether labels are what a selector asks for, whoever has them. */
export function selects({ matchLabels, matchExpressions }: SelectorSpec, labels: Labels) {
  for (const key of Object.keys(matchLabels ?? {})) {
    if (labels[key] !== matchLabels?.[key]) return false;
  }
  for (const { key, operator, values } of matchExpressions ?? []) {
    const has = key in labels;
    const isListed = has && values?.includes(labels[key] as string) === true;
    const holds = { In: isListed, NotIn: !isListed, Exists: has, DoesNotExist: !has }[operator];
    if (!holds) return false;
  }
  return true;
}
