import { PlumbError } from '../src/model/error.js';
import type {
  CIDRRuleSpec,
  Entity,
  ICMPFieldSpec,
  PortRuleSpec,
  PortSpec,
  RuleSpec,
  SelectorSpec,
} from '../src/model/program.js';

/** ICMP messages by type; never together with ports. */
export interface ICMPRule {
  readonly fields: readonly ICMPFieldSpec[];
}

/** What traffic a rule is about, whoever the peer is. */
export interface TrafficProps {
  /**
   * Destination ports; entries add up. A port may stand for a list of one.
   * @default all ports and protocols
   */
  readonly toPorts?: readonly (PortRuleSpec | PortSpec)[];

  /**
   * ICMP messages; not together with `toPorts`.
   * @default all traffic, if there is no `toPorts` either
   */
  readonly icmps?: readonly ICMPRule[];
}

/** Who may (or must not) send to the subject. Without any `from…`: anybody, the world included. */
export interface IngressRule extends TrafficProps {
  /** Endpoints by label; entries add up, `[]` is nobody, `[{}]` is every endpoint. @default any peer */
  readonly fromEndpoints?: readonly SelectorSpec[];
  /** Prefixes outside the cluster. @default any peer */
  readonly fromCIDR?: readonly string[];
  /** Prefixes outside the cluster, with exceptions. @default any peer */
  readonly fromCIDRSet?: readonly CIDRRuleSpec[];
  /** Peers by kind, for example `world`. @default any peer */
  readonly fromEntities?: readonly Entity[];
}

/** Whom the subject may (or must not) send to. Without any `to…` but ports: anybody, the world included. */
export interface EgressRule extends TrafficProps {
  /** Endpoints by label; entries add up, `[]` is nobody, `[{}]` is every endpoint. @default any peer */
  readonly toEndpoints?: readonly SelectorSpec[];
  /** Prefixes outside the cluster. @default any peer */
  readonly toCIDR?: readonly string[];
  /** Prefixes outside the cluster, with exceptions. @default any peer */
  readonly toCIDRSet?: readonly CIDRRuleSpec[];
  /** Peers by kind, for example `world`. @default any peer */
  readonly toEntities?: readonly Entity[];
}

type Folded = Exclude<keyof RuleSpec, 'origin'>;

const TRAFFIC = { toPorts: 'toPorts', icmps: 'icmps' } as const;

const INGRESS: Record<keyof IngressRule, Folded> = {
  fromEndpoints: 'endpoints',
  fromCIDR: 'cidr',
  fromCIDRSet: 'cidrSet',
  fromEntities: 'entities',
  ...TRAFFIC,
};

const EGRESS: Record<keyof EgressRule, Folded> = {
  toEndpoints: 'endpoints',
  toCIDR: 'cidr',
  toCIDRSet: 'cidrSet',
  toEntities: 'entities',
  ...TRAFFIC,
};

/**
 * Rules of one direction in the one shape that both share.
 * @throws PlumbError PLB_UNKNOWN_FIELD for a property that rules of this direction do not have
 */
export function foldRules(
  rules: readonly (IngressRule | EgressRule)[],
  direction: 'ingress' | 'egress',
  path: string,
): RuleSpec[] {
  const names: Readonly<Record<string, Folded>> = direction === 'ingress' ? INGRESS : EGRESS;
  return rules.map((rule) => {
    const folded: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(rule)) {
      const name = Object.hasOwn(names, key) ? names[key] : undefined;
      if (name === undefined) throw unknownField(key, direction, Object.keys(names), path);
      folded[name] = key === 'toPorts' ? (value as (PortRuleSpec | PortSpec)[]).map(list) : value;
    }
    return folded;
  });
}

function list(ports: PortRuleSpec | PortSpec): PortRuleSpec {
  return 'port' in ports ? { ports: [ports] } : ports;
}

function unknownField(
  key: string,
  direction: string,
  known: readonly string[],
  path: string,
): PlumbError {
  return new PlumbError('PLB_UNKNOWN_FIELD', `${path}: ${direction} rules have no ${key}`, {
    origin: { path },
    hint: `Use one of ${known.join(', ')}.`,
  });
}
