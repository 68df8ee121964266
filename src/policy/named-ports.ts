import type { Identity } from '../model/identity.js';
import { namedPort, portName, PORT_SOURCE, type NamedPort } from '../model/named-port.js';
import type { PolicySpec, PortSpec, RuleSpec, SelectorSpec } from '../model/program.js';

/** A name's meaning to some endpoints, and the label that they have for it. */
interface Meaning extends NamedPort {
  readonly key: string;
  readonly value: string;
}

/** Every meaning of every name, sorted. */
export type PortNames = ReadonlyMap<string, readonly Meaning[]>;

/** What endpoints call their ports. */
export function portNamesOf(identities: readonly Identity[]): PortNames {
  const values = new Map<string, Set<string>>();
  for (const { labels } of identities) {
    for (const key in labels) {
      if (!key.startsWith(PORT_SOURCE)) continue;
      const known = values.get(key) ?? new Set();
      values.set(key, known.add(labels[key] ?? ''));
    }
  }
  const names = [...values].map(([key, known]): [string, Meaning[]] => [
    key.slice(PORT_SOURCE.length),
    [...known].sort().flatMap((value) => {
      const meaning = namedPort(value);
      return meaning === undefined ? [] : [{ ...meaning, key, value }];
    }),
  ]);
  return new Map(names);
}

/** What a rule's port means where it is given by name; in ANY protocol unless the rule says which. */
export function meaningsOf({ port, protocol = 'ANY' }: PortSpec, names: PortNames): Meaning[] {
  const known = names.get(String(port)) ?? [];
  return known.filter((meaning) => protocol === 'ANY' || meaning.protocol === protocol);
}

const LISTS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const;

/** Whether any rule gives a port by name. */
export function hasNamedPorts(spec: PolicySpec): boolean {
  return LISTS.some((list) => spec[list]?.some(namesPort));
}

function namesPort({ toPorts }: RuleSpec): boolean {
  return toPorts?.some(({ ports }) => ports.some(isNamed)) ?? false;
}

/**
 * A policy with numbers for names. A name is what the receiving endpoint calls a port: on egress that is
 * a term of the peer; on ingress it is one of the subject, which makes a policy of its own for each
 * meaning. The first one is the policy itself, with what needs no name.
 */
export function resolvePorts(spec: PolicySpec, names: PortNames): PolicySpec[] {
  const bySubject = new Map<string, PolicySpec>();
  const base: PolicySpec = { ...spec };
  for (const list of LISTS) {
    const rules = spec[list];
    if (rules === undefined) continue;
    const own: RuleSpec[] = [];
    for (const rule of rules) {
      own.push(...withoutNames(rule));
      for (const [meaning, numbered] of byMeaning(rule, names)) {
        if (list === 'egress' || list === 'egressDeny') own.push(...ofPeers(numbered, meaning));
        else if (spec.endpointSelector !== undefined) {
          addFor(bySubject, spec, list, meaning, numbered);
        }
      }
    }
    Object.assign(base, { [list]: own });
  }
  return [base, ...bySubject.values()];
}

/** Names that egress rules ask peers for, as the labels that say them: key to protocols. */
export type AskedPorts = ReadonlyMap<string, ReadonlySet<string>>;

/** What a newcomer may not bring a new meaning for, unless policies are compiled again. */
export function askedPorts({ egress = [], egressDeny = [] }: PolicySpec): AskedPorts {
  const asked = new Map<string, Set<string>>();
  for (const rule of [...egress, ...egressDeny]) {
    const { endpoints } = rule;
    if (endpoints?.length === 0 || !meansEndpoints(rule)) continue;
    for (const port of portsOf(rule).filter(isNamed)) {
      const key = PORT_SOURCE + String(port.port);
      asked.set(key, (asked.get(key) ?? new Set()).add(port.protocol ?? 'ANY'));
    }
  }
  return asked;
}

/** Whether an identity calls a port that is asked for as nobody did when policies were compiled. */
export function bringsMeaning(
  { labels }: Identity,
  asked: Iterable<AskedPorts>,
  names: PortNames,
): boolean {
  for (const ports of asked) {
    for (const [key, protocols] of ports) {
      const value = labels[key];
      const meaning = value === undefined ? undefined : namedPort(value);
      if (meaning === undefined) continue;
      if (!protocols.has('ANY') && !protocols.has(meaning.protocol)) continue;
      const known = names.get(key.slice(PORT_SOURCE.length)) ?? [];
      if (!known.some((one) => one.value === value)) return true;
    }
  }
  return false;
}

function meansEndpoints({ entities, cidr, cidrSet, nodes, fqdns }: RuleSpec): boolean {
  if ([cidr, cidrSet, nodes, fqdns].some((list) => list !== undefined)) return false;
  return entities?.some((entity) => entity === 'all' || entity === 'cluster') ?? true;
}

function portsOf({ toPorts = [] }: RuleSpec): readonly PortSpec[] {
  return toPorts.flatMap(({ ports }) => ports);
}

function isNamed(port: PortSpec): boolean {
  return portName(port) !== undefined;
}

/** The rule with its numbers alone; nothing where it has none. */
function withoutNames(rule: RuleSpec): RuleSpec[] {
  if (!namesPort(rule)) return [rule];
  const toPorts = (rule.toPorts ?? [])
    .map((group) => ({ ...group, ports: group.ports.filter((port) => !isNamed(port)) }))
    .filter(({ ports }) => ports.length > 0);
  return toPorts.length === 0 ? [] : [{ ...rule, toPorts }];
}

/** The rule once for each meaning of each name. */
function byMeaning(rule: RuleSpec, names: PortNames): [Meaning, RuleSpec][] {
  return (rule.toPorts ?? []).flatMap((group) =>
    group.ports.filter(isNamed).flatMap((named) =>
      meaningsOf(named, names).map((meaning): [Meaning, RuleSpec] => {
        const { port, protocol } = meaning;
        return [meaning, { ...rule, toPorts: [{ ...group, ports: [{ port, protocol }] }] }];
      }),
    ),
  );
}

/** Only endpoints name ports. */
function ofPeers(rule: RuleSpec, meaning: Meaning): RuleSpec[] {
  if (!meansEndpoints(rule)) return [];
  const { endpoints = [{}] } = rule;
  const selectors = endpoints.map((selector) => callingIt(selector, meaning));
  const named = { ...rule, endpoints: selectors };
  Reflect.deleteProperty(named, 'entities');
  return [named];
}

function addFor(
  bySubject: Map<string, PolicySpec>,
  spec: PolicySpec,
  list: 'ingress' | 'ingressDeny',
  meaning: Meaning,
  rule: RuleSpec,
): void {
  const key = `${meaning.key} ${meaning.value}`;
  const known = bySubject.get(key) ?? {
    ...withoutRules(spec),
    endpointSelector: callingIt(spec.endpointSelector ?? {}, meaning),
  };
  bySubject.set(key, { ...known, [list]: [...(known[list] ?? []), rule] });
}

function withoutRules(spec: PolicySpec): PolicySpec {
  const rest: Record<string, unknown> = { ...spec };
  for (const list of LISTS) Reflect.deleteProperty(rest, list);
  return rest as unknown as PolicySpec;
}

function callingIt(selector: SelectorSpec, { key, value }: Meaning): SelectorSpec {
  return { ...selector, matchLabels: { ...selector.matchLabels, [key]: value } };
}
