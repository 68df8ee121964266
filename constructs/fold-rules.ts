import { PlumbError } from '../src/model/error.js';
import type { PortRuleSpec, PortSpec, RuleSpec } from '../src/model/program.js';
import type { CIDRRule, EgressRule, IngressRule } from './rule.js';

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
