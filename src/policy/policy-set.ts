import type { Origin } from '../model/error.js';
import type { Identity } from '../model/identity.js';
import { rangesOf, type PortRange } from '../model/port.js';
import type { PolicySpec } from '../model/program.js';
import { selectorKey } from '../model/selector.js';
import { l7Of, rangesFor, type L7 } from './l7.js';
import { lowerPolicy, type PlacedRule } from './lower.js';
import {
  askedPorts,
  hasNamedPorts,
  portNamesOf,
  resolvePorts,
  type AskedPorts,
  type PortNames,
} from './named-ports.js';
import { peersOf, type PeerSelector } from './peers.js';
import type { Rank } from './tiers.js';

export type Direction = 'ingress' | 'egress';
export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

/** What a policy says of itself, for explanations alone. */
export type About = Pick<PolicySpec, 'description' | 'labels' | 'log'>;

/** A rule in the words of the compiler; where it stands is kept for explanations alone. */
export interface Rule {
  readonly policy: string;
  readonly about: About;
  readonly origin: Origin;
  readonly direction: Direction;
  readonly deny: boolean;
  /** Absent: of the tier that has no order. */
  readonly rank?: Rank;
  /** Judged and told, not enforced. */
  readonly audit?: true;
  /** Undefined: any peer. */
  readonly peers: readonly PeerSelector[] | undefined;
  readonly ranges: readonly PortRange[];
  /** Only what these let through passes. */
  readonly l7?: L7;
  /** Equal for rules that contribute the same to a table. */
  readonly contribution: string;
  /** Equal for rules that mean the same. */
  readonly key: string;
}

/** A policy and what it says in each direction. */
export interface ParsedPolicy {
  readonly name: string;
  readonly origin: Origin;
  /** Canonical text of the subject's selector. */
  readonly subjectKey: string;
  readonly spec: PolicySpec;
  readonly rules: readonly Rule[];
  /** Whether the policy makes its subjects default-deny. */
  readonly isolates: Readonly<Record<Direction, boolean>>;
  /** Names of ports that it asks peers for; undefined for none. */
  readonly asks: AskedPorts | undefined;
  readonly warnings: readonly string[];
}

/** Reads a policy once, for as long as somebody holds it. */
export class PolicyParser {
  private readonly known = new WeakMap<PolicySpec, readonly ParsedPolicy[]>();
  private read: PortNames | undefined;

  /** @param identities who there is: their ports have names */
  constructor(private readonly identities: readonly Identity[]) {}

  /** What endpoints call their ports; looked for when a rule first asks. */
  get names(): PortNames {
    return (this.read ??= portNamesOf(this.identities));
  }

  /** The policy, and what it says about those of its subjects that call a port by a name. */
  parse(spec: PolicySpec): readonly ParsedPolicy[] {
    const known = this.known.get(spec);
    if (known !== undefined) return known;
    const lowered = lowerPolicy(spec);
    const parts = hasNamedPorts(lowered) ? resolvePorts(lowered, this.names) : [lowered];
    const parsed = parts.map((part, n) => parsePolicy(part, n === 0 ? lowered : undefined));
    this.known.set(spec, parsed);
    return parsed;
  }
}

/** @param original what isolates, and is warned of; undefined for a part of a policy */
function parsePolicy(spec: PolicySpec, original: PolicySpec | undefined): ParsedPolicy {
  const { ingress = [], ingressDeny = [], egress = [], egressDeny = [] } = spec;
  const rules = [
    ...ingress.flatMap((rule) => parseRules(spec, rule, 'ingress')),
    ...ingressDeny.map((rule) => parseRule(spec, rule, 'ingress', true)),
    ...egress.flatMap((rule) => parseRules(spec, rule, 'egress')),
    ...egressDeny.map((rule) => parseRule(spec, rule, 'egress', true)),
  ];
  return {
    name: spec.name,
    origin: spec.origin,
    subjectKey: subjectKeyOf(spec),
    spec,
    rules,
    isolates: original === undefined ? { ingress: false, egress: false } : isolatesOf(original),
    asks: original === undefined || !hasNamedPorts(original) ? undefined : askedPorts(original),
    warnings: original === undefined ? [] : warningsOf(original),
  };
}

function subjectKeyOf({ endpointSelector = {}, nodeSelector }: PolicySpec): string {
  return nodeSelector === undefined
    ? selectorKey(endpointSelector)
    : `node ${selectorKey(nodeSelector)}`;
}

function isolatesOf(spec: PolicySpec): ParsedPolicy['isolates'] {
  if (spec.tier !== undefined) return { ingress: false, egress: false };
  const { ingress = [], ingressDeny = [], egress = [], egressDeny = [] } = spec;
  return {
    ingress: spec.enableDefaultDeny?.ingress ?? ingress.length + ingressDeny.length > 0,
    egress: spec.enableDefaultDeny?.egress ?? egress.length + egressDeny.length > 0,
  };
}

function warningsOf(spec: PolicySpec): string[] {
  const lists = ['ingress', 'egress', 'ingressDeny', 'egressDeny'] as const;
  return lists
    .filter((list) => spec[list]?.length === 0)
    .map(
      (list) => `policy ${spec.name}: an empty list of ${list} rules has no effect; leave it out`,
    );
}

/** One rule for the ports that are simply open, and one for each group of ports that is filtered. */
function parseRules(policy: PolicySpec, rule: PlacedRule, direction: Direction): Rule[] {
  const groups = rule.toPorts ?? [];
  const filtered = groups.flatMap((group) => {
    const l7 = l7Of(group);
    return l7 === undefined ? [] : [{ group, l7 }];
  });
  if (filtered.length === 0) return [parseRule(policy, rule, direction, false)];
  const open = groups.filter((group) => !filtered.some((one) => one.group === group));
  return [
    ...(open.length === 0 ? [] : [parseRule(policy, { ...rule, toPorts: open }, direction, false)]),
    ...filtered.map(({ group, l7 }) =>
      parseRule(policy, { ...rule, toPorts: [group] }, direction, false, l7),
    ),
  ];
}

function parseRule(
  policy: PolicySpec,
  rule: PlacedRule,
  direction: Direction,
  isDeny: boolean,
  l7?: L7,
): Rule {
  const peers = peersOf(rule);
  const ranges = l7 === undefined ? rangesOf(rule) : rangesFor(l7, rangesOf(rule));
  const texts = canonical(
    ranges.map((r) => `${String(r.protocol)}:${String(r.from)}-${String(r.to)}`),
  );
  const peerKeys = peers === undefined ? null : canonical(peers.map((peer) => peer.key));
  const rank = rankOf(policy, rule);
  const deny = isDeny || rule.action === 'Deny';
  const how = [
    ...(rank === undefined ? [] : [JSON.stringify(rank)]),
    ...(policy.audit === true ? ['audit'] : []),
    // Listeners are of one direction: tables that name them, too.
    ...(l7 === undefined ? [] : [`${direction} ${l7.key}`]),
  ];
  return {
    policy: policy.name,
    about: policy,
    origin: rule.origin ?? policy.origin,
    direction,
    deny,
    ...(rank && { rank }),
    ...(policy.audit === true && { audit: true }),
    peers,
    ranges,
    ...(l7 && { l7 }),
    contribution: [deny ? 'deny' : 'allow', texts.join(','), ...how].join(' '),
    key: JSON.stringify([direction, deny, peerKeys, texts, ...how]),
  };
}

function rankOf(
  { tier, priority = 0, origin }: PolicySpec,
  { index = 0, action }: PlacedRule,
): Rank | undefined {
  if (tier === undefined) return undefined;
  return { tier, priority, policy: origin.path, index, pass: action === 'Pass' };
}

function canonical(texts: readonly string[]): readonly string[] {
  return texts.length < 2 ? texts : [...new Set(texts)].sort();
}
