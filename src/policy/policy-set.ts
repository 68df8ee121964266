import type { Origin } from '../model/error.js';
import { rangesOf, type PortRange } from '../model/port.js';
import type { PolicySpec, RuleSpec } from '../model/program.js';
import { selectorKey } from '../model/selector.js';
import { lowerPolicy } from './lower.js';
import { peersOf, type PeerSelector } from './peers.js';

export type Direction = 'ingress' | 'egress';
export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

/** A rule in the words of the compiler; where it stands is kept for explanations alone. */
export interface Rule {
  readonly policy: string;
  readonly origin: Origin;
  readonly direction: Direction;
  readonly deny: boolean;
  /** Undefined: any peer. */
  readonly peers: readonly PeerSelector[] | undefined;
  readonly ranges: readonly PortRange[];
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
  readonly warnings: readonly string[];
}

/** Reads a policy once, for as long as somebody holds it. */
export class PolicyParser {
  private readonly known = new WeakMap<PolicySpec, ParsedPolicy>();

  parse(spec: PolicySpec): ParsedPolicy {
    const known = this.known.get(spec);
    if (known !== undefined) return known;
    const parsed = parsePolicy(spec);
    this.known.set(spec, parsed);
    return parsed;
  }
}

function parsePolicy(original: PolicySpec): ParsedPolicy {
  const spec = lowerPolicy(original);
  const { ingress = [], ingressDeny = [], egress = [], egressDeny = [] } = spec;
  const rules = [
    ...ingress.map((rule) => parseRule(spec, rule, 'ingress', false)),
    ...ingressDeny.map((rule) => parseRule(spec, rule, 'ingress', true)),
    ...egress.map((rule) => parseRule(spec, rule, 'egress', false)),
    ...egressDeny.map((rule) => parseRule(spec, rule, 'egress', true)),
  ];
  return {
    name: spec.name,
    origin: spec.origin,
    subjectKey: selectorKey(spec.endpointSelector),
    spec,
    rules,
    isolates: {
      ingress: spec.enableDefaultDeny?.ingress ?? ingress.length + ingressDeny.length > 0,
      egress: spec.enableDefaultDeny?.egress ?? egress.length + egressDeny.length > 0,
    },
    warnings: warningsOf(spec),
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

function parseRule(policy: PolicySpec, rule: RuleSpec, direction: Direction, deny: boolean): Rule {
  const peers = peersOf(rule);
  const ranges = rangesOf(rule);
  const texts = canonical(
    ranges.map((r) => `${String(r.protocol)}:${String(r.from)}-${String(r.to)}`),
  );
  const peerKeys = peers === undefined ? null : canonical(peers.map((peer) => peer.key));
  return {
    policy: policy.name,
    origin: rule.origin ?? policy.origin,
    direction,
    deny,
    peers,
    ranges,
    contribution: `${deny ? 'deny' : 'allow'} ${texts.join(',')}`,
    key: JSON.stringify([direction, deny, peerKeys, texts]),
  };
}

function canonical(texts: readonly string[]): readonly string[] {
  return texts.length < 2 ? texts : [...new Set(texts)].sort();
}
