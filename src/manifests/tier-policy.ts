import type { ConstructCall, PlainValue } from '../model/construct-call.js';
import type { PortSpec, SelectorSpec } from '../model/program.js';
import { aboutOf, type Resource } from './calls.js';
import { metadata, type Metadata } from './metadata.js';
import type { At } from './place.js';
import { defined, ignored, integer, list, object, oneOf, optional, placed } from './reader.js';
import { required, text, type Placed, type Reader } from './reader.js';
import { egressPeer, nonEmpty, podReader, writePeers, type EgressPeer } from './tier-peers.js';
import { ports, protocols } from './tier-ports.js';

const subject = podReader('subject');
const ingressPeer = podReader('peer');

interface Rule {
  readonly action: string;
  readonly from?: readonly SelectorSpec[] | undefined;
  readonly to?: readonly EgressPeer[] | undefined;
  readonly ports?: readonly PortSpec[] | undefined;
  readonly protocols?: readonly PortSpec[] | undefined;
}

function ruleReader(direction: 'from' | 'to', actions: readonly string[]): Reader<Rule> {
  const read = object<Rule>('rule', {
    name: optional(text),
    action: required(oneOf(...actions)),
    from: direction === 'from' ? required(nonEmpty(list(ingressPeer))) : ignored,
    to: direction === 'to' ? required(nonEmpty(list(egressPeer))) : ignored,
    ports: optional(nonEmpty(ports)),
    protocols: optional(nonEmpty(protocols)),
  });
  const other = direction === 'from' ? 'to' : 'from';
  return (at) => {
    for (const [name, member] of at.pairs('rule')) {
      if (name !== other) continue;
      member.refuse('PLB_MANIFEST_FIELD', 'is of the other direction', `Use ${direction}.`);
    }
    const rule = read(at);
    const isOfNames = rule.to?.some(({ domainNames }) => domainNames !== undefined) === true;
    if (!isOfNames || rule.action === 'Accept' || rule.action === 'Allow') return rule;
    const hint = 'Accept names before a rule that denies networks.';
    return at.refuse('PLB_MANIFEST_VALUE', `is to ${rule.action} domainNames`, hint);
  };
}

interface Spec {
  readonly tier?: 'Admin' | 'Baseline' | undefined;
  readonly priority?: number | undefined;
  readonly subject: SelectorSpec;
  readonly ingress?: readonly Placed<Rule>[] | undefined;
  readonly egress?: readonly Placed<Rule>[] | undefined;
}

interface Kind {
  readonly kind: string;
  readonly actions: readonly string[];
  /** Absent: the document says. */
  readonly tier?: 'Admin' | 'Baseline';
  /** Absent: the document says. */
  readonly priority?: number;
}

function policyReader({ kind, actions, tier, priority }: Kind): (at: At) => Resource {
  const spec = object<Spec>(kind, {
    ...(tier === undefined && { tier: required(oneOf('Admin', 'Baseline')) }),
    ...(priority === undefined && { priority: required(integer) }),
    subject: required(subject),
    ingress: optional(list(placed(ruleReader('from', actions)))),
    egress: optional(list(placed(ruleReader('to', actions)))),
  } as Parameters<typeof object<Spec>>[1]);
  const document = object<{ readonly metadata: Metadata; readonly spec: Spec }>(kind, {
    apiVersion: required(text),
    kind: ignored,
    metadata: required(metadata),
    spec: required(spec),
    status: ignored,
  });
  return (at) => {
    const { metadata: meta, spec: value } = document(at);
    const { ingress, egress } = value;
    const props = defined({
      ...aboutOf(meta),
      tier: tier ?? value.tier,
      priority: priority ?? value.priority,
      endpointSelector: value.subject,
      ingress: ingress?.length ? ingress.flatMap(writeRule) : undefined,
      egress: egress?.length ? egress.flatMap(writeRule) : undefined,
    }) as ConstructCall['props'];
    return {
      kind,
      metadata: meta,
      at,
      isNamespaced: false,
      emit: (calls) => {
        // As many places as the document's rules become rules of the construct.
        const places = (rules: Spec['ingress']) =>
          rules?.flatMap((rule) => writeRule(rule).map(() => rule));
        const rules = { ingress: places(ingress), egress: places(egress) };
        calls.addPolicy('ClusterNetworkPolicy', 'app', meta.name, props, at, rules);
      },
    };
  };
}

/** One rule for each kind of peer, one after the other: the first that covers traffic speaks. */
function writeRule({ value }: Placed<Rule>): PlainValue[] {
  const { action, from, to = [], ports: numbers = [], protocols: more = [] } = value;
  const all = [...numbers, ...more];
  const peers = from === undefined ? writePeers(to) : [{ fromEndpoints: from }];
  return peers.map(
    (one) =>
      defined({
        action: action === 'Allow' ? 'Accept' : action,
        ...one,
        toPorts: all.length > 0 ? [{ ports: all }] : undefined,
      }) as PlainValue,
  );
}

export const clusterNetworkPolicy = policyReader({
  kind: 'ClusterNetworkPolicy',
  actions: ['Accept', 'Deny', 'Pass'],
});

export const adminNetworkPolicy = policyReader({
  kind: 'AdminNetworkPolicy',
  actions: ['Allow', 'Deny', 'Pass'],
  tier: 'Admin',
});

/** There is one in a cluster, so that it needs no priority. */
export const baselineAdminNetworkPolicy = policyReader({
  kind: 'BaselineAdminNetworkPolicy',
  actions: ['Allow', 'Deny'],
  tier: 'Baseline',
  priority: 0,
});
