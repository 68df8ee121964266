import type { ConstructCall, PlainValue } from '../model/construct-call.js';
import type { PortSpec, SelectorSpec } from '../model/program.js';
import { aboutOf, type Resource } from './calls.js';
import { metadata, type Metadata } from './metadata.js';
import type { At } from './place.js';
import {
  defined,
  ignored,
  integer,
  list,
  object,
  oneOf,
  optional,
  placed,
  refused,
} from './reader.js';
import { required, text, type Placed, type Reader } from './reader.js';
import { selector, within } from './selector.js';
import { ports, protocols } from './tier-ports.js';

const SOON = 'Leave the rule out, or wait for a version that has it.';

interface Pods {
  readonly namespaces?: SelectorSpec | undefined;
  readonly pods?:
    { readonly namespaceSelector: SelectorSpec; readonly podSelector: SelectorSpec } | undefined;
}

const POD_FIELDS = {
  namespaces: optional(selector),
  pods: optional(
    object<NonNullable<Pods['pods']>>('pods', {
      namespaceSelector: required(selector),
      podSelector: required(selector),
    }),
  ),
};

/** Pods by the labels of their namespaces, and of their own. */
function podReader(what: string, more = {}): Reader<SelectorSpec> {
  const raw = object<Pods>(what, { ...POD_FIELDS, ...more });
  return (at) => {
    const { namespaces, pods } = raw(at);
    if (namespaces !== undefined && pods === undefined) return within(namespaces);
    if (pods !== undefined && namespaces === undefined) {
      return within(pods.namespaceSelector, pods.podSelector);
    }
    return at.refuse(
      'PLB_MANIFEST_VALUE',
      'needs one of namespaces and pods',
      'Write one of them.',
    );
  };
}

const subject = podReader('subject');
const ingressPeer = podReader('peer');
const egressPeer = podReader('peer', {
  nodes: refused('a peer that is a node cannot be expressed by this version yet', SOON),
  networks: refused('networks match pods too, which CIDR rules here do not', SOON),
  domainNames: refused('a peer by its DNS name cannot be expressed by this version yet', SOON),
});

interface Rule {
  readonly action: string;
  readonly from?: readonly SelectorSpec[] | undefined;
  readonly to?: readonly SelectorSpec[] | undefined;
  readonly ports?: readonly PortSpec[] | undefined;
  readonly protocols?: readonly PortSpec[] | undefined;
}

const some =
  <T>(read: Reader<readonly T[]>): Reader<readonly T[]> =>
  (at) => {
    const value = read(at);
    if (value.length > 0) return value;
    return at.refuse('PLB_MANIFEST_VALUE', 'is empty', 'Name at least one.');
  };

function ruleReader(direction: 'from' | 'to', actions: readonly string[]): Reader<Rule> {
  const read = object<Rule>('rule', {
    name: optional(text),
    action: required(oneOf(...actions)),
    from: direction === 'from' ? required(some(list(ingressPeer))) : ignored,
    to: direction === 'to' ? required(some(list(egressPeer))) : ignored,
    ports: optional(some(ports)),
    protocols: optional(some(protocols)),
  });
  const other = direction === 'from' ? 'to' : 'from';
  return (at) => {
    for (const [name, member] of at.pairs('rule')) {
      if (name !== other) continue;
      member.refuse('PLB_MANIFEST_FIELD', 'is of the other direction', `Use ${direction}.`);
    }
    return read(at);
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
      ingress: ingress?.length ? ingress.map((rule) => writeRule(rule, 'from')) : undefined,
      egress: egress?.length ? egress.map((rule) => writeRule(rule, 'to')) : undefined,
    }) as ConstructCall['props'];
    return {
      kind,
      metadata: meta,
      at,
      isNamespaced: false,
      emit: (calls) =>
        calls.addPolicy('ClusterNetworkPolicy', 'app', meta.name, props, at, { ingress, egress }),
    };
  };
}

function writeRule({ value }: Placed<Rule>, direction: 'from' | 'to'): PlainValue {
  const { action, from, to, ports: numbers = [], protocols: more = [] } = value;
  const all = [...numbers, ...more];
  return defined({
    action: action === 'Allow' ? 'Accept' : action,
    [`${direction}Endpoints`]: direction === 'from' ? from : to,
    toPorts: all.length > 0 ? [{ ports: all }] : undefined,
  }) as PlainValue;
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
