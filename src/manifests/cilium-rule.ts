import { LAST_PORT } from '../model/port.js';
import type { L7RulesSpec } from '../model/l7.js';
import type {
  Entity,
  FQDNSelectorSpec,
  PortRuleSpec,
  PortSpec,
  SelectorSpec,
} from '../model/program.js';
import { cidrSource, type CidrSource } from './cilium-cidr.js';
import { l7Rules } from './cilium-l7.js';
import { serviceSources, type ServiceSource } from './cilium-service.js';
import {
  defined,
  integer,
  list,
  object,
  oneOf,
  optional,
  refused,
  required,
  text,
  textOrInteger,
} from './reader.js';
import type { Field, Placed, Reader } from './reader.js';
import { selector } from './selector.js';

const ENTITIES = [
  ...([
    'all',
    'world',
    'world-ipv4',
    'world-ipv6',
    'cluster',
    'host',
    'remote-node',
    'init',
  ] as const),
  ...(['ingress', 'health', 'unmanaged', 'kube-apiserver', 'none'] as const),
];

/** `auth` is what `authentication` was called before Cilium 1.14. */
const handshake = refused(
  'mutual authentication is a handshake of the agents of a cluster, which one node cannot have',
  'Leave it out where the rule may hold without.',
);

const legacy = (instead: string): Field<undefined> => refused('it is legacy', instead);

interface RawPort {
  readonly port: string | number;
  readonly endPort?: number | undefined;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP' | 'ANY' | undefined;
}

const rawPort = object<RawPort>('port', {
  port: required(textOrInteger),
  endPort: optional(integer),
  protocol: optional(oneOf('TCP', 'UDP', 'SCTP', 'ANY')),
});

/** Port 0 is every port of the protocol, and an `endPort` of 0 is none. */
const port: Reader<PortSpec> = (at) => {
  const { port: first, endPort, protocol = 'ANY' } = rawPort(at);
  if (first === 0 || first === '0') return { port: 1, endPort: LAST_PORT, protocol };
  return { port: first, protocol, ...(endPort && { endPort }) };
};

const nonEmptyPorts: Reader<readonly PortSpec[]> = (at) => {
  const ports = list(port)(at);
  if (ports.length > 0) return ports;
  return at.refuse('PLB_MANIFEST_UNSUPPORTED', 'is empty', 'Name ports, or leave toPorts out.');
};

const denyPortRule: Reader<PortRuleSpec> = object<Pick<PortRuleSpec, 'ports'>>('port rule', {
  ports: required(nonEmptyPorts),
});

interface RawICMP {
  readonly family?: 'IPv4' | 'IPv6' | undefined;
  readonly type: string | number;
}

const icmps = list(
  object<{ readonly fields: readonly RawICMP[] }>('ICMP rule', {
    fields: required(
      list((at) => {
        const { family, type } = object<RawICMP>('ICMP field', {
          family: optional(oneOf('IPv4', 'IPv6')),
          type: required(textOrInteger),
        })(at);
        return { type, ...(family && { family }) };
      }),
    ),
  }),
);

interface RawFQDN {
  readonly matchName?: string | undefined;
  readonly matchPattern?: string | undefined;
}

const rawFQDN = object<RawFQDN>('name', {
  matchName: optional(text),
  matchPattern: optional(text),
});

const fqdn: Reader<FQDNSelectorSpec> = (at) => {
  const { matchName, matchPattern } = rawFQDN(at);
  if ((matchName === undefined) !== (matchPattern === undefined)) {
    return defined({ matchName, matchPattern });
  }
  const message = 'needs one of matchName and matchPattern';
  return at.refuse('PLB_MANIFEST_VALUE', message, 'Write one entry for each.');
};

interface PortRule {
  readonly ports: readonly PortSpec[];
  readonly rules?: L7RulesSpec | undefined;
  readonly serverNames?: readonly string[] | undefined;
}

const rawPortRule = object<PortRule>('port rule', {
  ports: required(nonEmptyPorts),
  rules: optional(l7Rules(fqdn)),
  terminatingTLS: refused('TLS is not decrypted', 'Leave the rule out, or use serverNames.'),
  originatingTLS: refused('TLS is not decrypted', 'Leave the rule out, or use serverNames.'),
  serverNames: optional(list(text)),
  listener: refused('it names a proxy of the cluster', 'Leave it out.'),
});

const portRule: Reader<PortRuleSpec> = (at) => {
  const { ports, rules, serverNames } = rawPortRule(at);
  // As in Cilium, an empty list of names is none.
  return {
    ports,
    ...defined({ rules, serverNames: serverNames?.length ? serverNames : undefined }),
  };
};

/** What a rule says, whichever direction its fields are named for. */
export interface CiliumRule {
  readonly endpoints?: readonly SelectorSpec[];
  readonly cidr?: readonly string[];
  readonly cidrSet?: readonly CidrSource[];
  readonly entities?: readonly Entity[];
  readonly nodes?: readonly SelectorSpec[];
  readonly services?: readonly Placed<ServiceSource>[];
  readonly fqdns?: readonly FQDNSelectorSpec[];
  readonly toPorts?: readonly PortRuleSpec[];
  readonly icmps?: ReturnType<typeof icmps>;
}

/** The fields of a rule by what they mean, under the names that a direction has for them. */
function ruleReader(direction: 'from' | 'to', isDeny: boolean): Reader<CiliumRule> {
  const side = (name: string): string => direction + name;
  const fields: Record<string, Field<unknown>> = {
    [side('Endpoints')]: optional(list(selector)),
    [side('CIDR')]: optional(list(text)),
    [side('CIDRSet')]: optional(list(cidrSource)),
    [side('Entities')]: optional(list(oneOf(...ENTITIES))),
    [side('Requires')]: legacy(`Add its terms to every selector of ${side('Endpoints')}.`),
    [side('Groups')]: refused('groups are looked up at a cloud', 'Write their CIDRs.'),
    [side('Nodes')]: optional(list(selector)),
    toPorts: optional(list(isDeny ? denyPortRule : portRule)),
    icmps: optional(icmps),
    ...(direction === 'to' && {
      toServices: optional(serviceSources),
      ...(!isDeny && { toFQDNs: optional(list(fqdn)) }),
    }),
    ...(!isDeny && { authentication: handshake, auth: handshake }),
  };
  const raw = object<Record<string, unknown>>('rule', fields);
  return (at) => {
    const value = raw(at);
    // An empty list of ports restricts nothing in Cilium.
    const some = (list: unknown): unknown =>
      (list as unknown[] | undefined)?.length ? list : undefined;
    return defined({
      endpoints: value[side('Endpoints')],
      cidr: value[side('CIDR')],
      cidrSet: value[side('CIDRSet')],
      entities: value[side('Entities')],
      nodes: value[side('Nodes')],
      services: value['toServices'],
      fqdns: value['toFQDNs'],
      toPorts: some(value['toPorts']),
      icmps: some(value['icmps']),
    }) as CiliumRule;
  };
}

export const ingressRule = ruleReader('from', false);
export const ingressDenyRule = ruleReader('from', true);
export const egressRule = ruleReader('to', false);
export const egressDenyRule = ruleReader('to', true);
