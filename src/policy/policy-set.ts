import type { Origin } from '../model/error.js';
import type { Identity } from '../model/identity.js';
import type { PortRange } from '../model/port.js';
import type { PolicySpec } from '../model/program.js';
import { selectorKey } from '../model/selector.js';
import type { L7 } from './l7.js';
import { lowerPolicy } from './lower.js';
import {
  askedPorts,
  hasNamedPorts,
  portNamesOf,
  resolvePorts,
  type AskedPorts,
  type PortNames,
} from './named-ports.js';
import { parseRules } from './parse-rules.js';
import type { PeerSelector } from './peers.js';
import { PortTexts } from './port-texts.js';
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
  readonly rank: Rank | undefined;
  /** Judged and told, not enforced. */
  readonly audit: true | undefined;
  /** Undefined: any peer. */
  readonly peers: readonly PeerSelector[] | undefined;
  readonly ranges: readonly PortRange[];
  /** Only what these let through passes. */
  readonly l7: L7 | undefined;
  /** Equal for rules that contribute the same to a table. */
  readonly contribution: string;
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

/** Reads policies, each once for as long as it is among those that are asked for. */
export class PolicyParser {
  private readonly texts = new PortTexts();
  private last: readonly PolicySpec[] = [];
  private parsed: readonly (readonly ParsedPolicy[])[] = [];
  private read: PortNames | undefined;

  /** @param identities who there is: their ports have names */
  constructor(private readonly identities: readonly Identity[]) {}

  /** What endpoints call their ports; looked for when a rule first asks. */
  get names(): PortNames {
    return (this.read ??= portNamesOf(this.identities));
  }

  /** Each policy, and what it says about those of its subjects that call a port by a name. */
  parse(policies: readonly PolicySpec[]): readonly (readonly ParsedPolicy[])[] {
    const { last, parsed } = this;
    let same = 0;
    while (same < last.length && last[same] === policies[same]) same++;
    const others = new Map(last.slice(same).map((spec, i) => [spec, parsed[same + i]]));
    const next = parsed.slice(0, same);
    for (let i = same; i < policies.length; i++) {
      const spec = policies[i] as PolicySpec;
      next.push(others.get(spec) ?? this.parseOne(spec));
    }
    this.last = policies;
    this.parsed = next;
    return next;
  }

  private parseOne(spec: PolicySpec): readonly ParsedPolicy[] {
    const lowered = lowerPolicy(spec);
    if (!hasNamedPorts(lowered)) return [this.parsePart(lowered, lowered, undefined)];
    const asks = askedPorts(lowered);
    return resolvePorts(lowered, this.names).map((part, n) =>
      this.parsePart(part, n === 0 ? lowered : undefined, n === 0 ? asks : undefined),
    );
  }

  /** @param original what isolates, and is warned of; undefined for a part of a policy */
  private parsePart(
    spec: PolicySpec,
    original: PolicySpec | undefined,
    asks: AskedPorts | undefined,
  ): ParsedPolicy {
    return {
      name: spec.name,
      origin: spec.origin,
      subjectKey: subjectKeyOf(spec),
      spec,
      rules: parseRules(spec, this.texts),
      isolates: original === undefined ? NOTHING : isolatesOf(original),
      asks,
      warnings: original === undefined ? NONE : warningsOf(original),
    };
  }
}

const NOTHING: ParsedPolicy['isolates'] = { ingress: false, egress: false };

/** One object for each way, however many policies there are. */
const ISOLATES: readonly ParsedPolicy['isolates'][] = [
  NOTHING,
  { ingress: true, egress: false },
  { ingress: false, egress: true },
  { ingress: true, egress: true },
];

function subjectKeyOf({ endpointSelector = {}, nodeSelector }: PolicySpec): string {
  return nodeSelector === undefined
    ? selectorKey(endpointSelector)
    : `node ${selectorKey(nodeSelector)}`;
}

function isolatesOf(spec: PolicySpec): ParsedPolicy['isolates'] {
  if (spec.tier !== undefined) return NOTHING;
  const { ingress = [], ingressDeny = [], egress = [], egressDeny = [] } = spec;
  const inward = spec.enableDefaultDeny?.ingress ?? ingress.length + ingressDeny.length > 0;
  const outward = spec.enableDefaultDeny?.egress ?? egress.length + egressDeny.length > 0;
  return ISOLATES[Number(inward) + 2 * Number(outward)] ?? NOTHING;
}

const LISTS = ['ingress', 'egress', 'ingressDeny', 'egressDeny'] as const;

const NONE: readonly string[] = [];

function warningsOf(spec: PolicySpec): readonly string[] {
  if (LISTS.every((list) => spec[list]?.length !== 0)) return NONE;
  return LISTS.filter((list) => spec[list]?.length === 0).map(
    (list) => `policy ${spec.name}: an empty list of ${list} rules has no effect; leave it out`,
  );
}
