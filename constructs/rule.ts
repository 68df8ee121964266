import { PlumbError } from '../src/model/error.js';
import type {
  CIDRRuleSpec,
  Entity,
  FQDNSelectorSpec,
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

/** A prefix, or a {@link CIDRGroup} by name or by its labels; what is excepted is not meant. */
export type CIDRRule =
  | (CIDRRuleSpec & { readonly cidrGroupRef?: never; readonly cidrGroupSelector?: never })
  | {
      readonly cidrGroupRef: string;
      readonly except?: readonly string[];
      readonly cidr?: never;
      readonly cidrGroupSelector?: never;
    }
  | {
      readonly cidrGroupSelector: SelectorSpec;
      readonly except?: readonly string[];
      readonly cidr?: never;
      readonly cidrGroupRef?: never;
    };

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

  /**
   * Whom prefixes of this rule mean besides who is outside the cluster: endpoints, or nodes.
   * @default nobody
   */
  readonly cidrMatchMode?: readonly ('pods' | 'nodes')[];
}

/** Who may (or must not) send to the subject. Without any `from…`: anybody, the world included. */
export interface IngressRule extends TrafficProps {
  /** Endpoints by label; entries add up, `[]` is nobody, `[{}]` is every endpoint. @default any peer */
  readonly fromEndpoints?: readonly SelectorSpec[];
  /** Prefixes outside the cluster. @default any peer */
  readonly fromCIDR?: readonly string[];
  /** Prefixes outside the cluster, with exceptions, or groups of them. @default any peer */
  readonly fromCIDRSet?: readonly CIDRRule[];
  /** Nodes by label, this one too; `[{}]` is every node. @default any peer */
  readonly fromNodes?: readonly SelectorSpec[];
  /** Peers by kind, for example `world`. @default any peer */
  readonly fromEntities?: readonly Entity[];
}

/** Whom the subject may (or must not) send to. Without any `to…` but ports: anybody, the world included. */
export interface EgressRule extends TrafficProps {
  /** Endpoints by label; entries add up, `[]` is nobody, `[{}]` is every endpoint. @default any peer */
  readonly toEndpoints?: readonly SelectorSpec[];
  /** Prefixes outside the cluster. @default any peer */
  readonly toCIDR?: readonly string[];
  /** Prefixes outside the cluster, with exceptions, or groups of them. @default any peer */
  readonly toCIDRSet?: readonly CIDRRule[];
  /** Nodes by label, this one too; `[{}]` is every node. @default any peer */
  readonly toNodes?: readonly SelectorSpec[];
  /** Back-ends of services, by the services' names; ports are those of the back-ends. @default any peer */
  readonly toServices?: readonly string[];
  /**
   * Addresses that the DNS gave for names. In `matchPattern` `*` stays within one label, a leading `**.`
   * spans labels, and `*` alone is every name. Not in `egressDeny`. @default any peer
   */
  readonly toFQDNs?: readonly FQDNSelectorSpec[];
  /** Peers by kind, for example `world`. @default any peer */
  readonly toEntities?: readonly Entity[];
}

type Folded = Exclude<keyof RuleSpec, 'origin'>;

const TRAFFIC = { toPorts: 'toPorts', icmps: 'icmps', cidrMatchMode: 'cidrMatchMode' } as const;

const INGRESS: Record<keyof IngressRule, Folded> = {
  fromEndpoints: 'endpoints',
  fromCIDR: 'cidr',
  fromCIDRSet: 'cidrSet',
  fromEntities: 'entities',
  fromNodes: 'nodes',
  ...TRAFFIC,
};

const EGRESS: Record<keyof EgressRule, Folded> = {
  toEndpoints: 'endpoints',
  toCIDR: 'cidr',
  toCIDRSet: 'cidrSet',
  toEntities: 'entities',
  toNodes: 'nodes',
  toFQDNs: 'fqdns',
  toServices: 'services',
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
      if (name === 'cidrSet') {
        Object.assign(folded, foldCIDRs(value as readonly CIDRRule[]));
        continue;
      }
      folded[name] = key === 'toPorts' ? (value as (PortRuleSpec | PortSpec)[]).map(list) : value;
    }
    return folded;
  });
}

/** Groups are another list, even if that leaves none: a list that is left out would mean any peer. */
function foldCIDRs(rules: readonly CIDRRule[]): Partial<RuleSpec> {
  const cidrSet = rules.flatMap((rule) => (rule.cidr === undefined ? [] : [rule]));
  const cidrGroups = rules.flatMap(({ cidr, cidrGroupRef, cidrGroupSelector, ...rest }) =>
    cidr === undefined
      ? [
          {
            ...(cidrGroupRef !== undefined && { name: cidrGroupRef }),
            ...(cidrGroupSelector !== undefined && { selector: cidrGroupSelector }),
            ...rest,
          },
        ]
      : [],
  );
  return { cidrSet, ...(cidrGroups.length > 0 && { cidrGroups }) };
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
