import type { ConstructCall, PlainValue } from '../model/construct-call.js';
import type { SelectorSpec } from '../model/program.js';
import { aboutOf, type Calls, type Resource } from './calls.js';
import { withLength, writeCidr } from './cilium-cidr.js';
import { egressDenyRule, egressRule, ingressDenyRule, ingressRule } from './cilium-rule.js';
import type { CiliumRule } from './cilium-rule.js';
import { writeServices } from './cilium-service.js';
import { metadata, type Metadata } from './metadata.js';
import type { At } from './place.js';
import {
  boolean,
  defined,
  ignored,
  list,
  object,
  optional,
  placed,
  required,
  text,
} from './reader.js';
import type { Placed, Reader } from './reader.js';
import { selector } from './selector.js';

type Rules = readonly Placed<CiliumRule>[] | undefined;

interface Spec {
  readonly endpointSelector?: SelectorSpec | undefined;
  readonly nodeSelector?: SelectorSpec | undefined;
  readonly ingress?: Rules;
  readonly ingressDeny?: Rules;
  readonly egress?: Rules;
  readonly egressDeny?: Rules;
  readonly labels?: readonly Label[] | undefined;
  readonly enableDefaultDeny?: Isolation | undefined;
  readonly description?: string | undefined;
  readonly log?: { readonly value?: string | undefined } | undefined;
}

interface Isolation {
  readonly ingress?: boolean | undefined;
  readonly egress?: boolean | undefined;
}

interface Label {
  readonly key: string;
  readonly value?: string | undefined;
  readonly source?: string | undefined;
}

const rawSpec = object<Spec>('policy', {
  endpointSelector: optional(selector),
  nodeSelector: optional(selector),
  ingress: optional(list(placed(ingressRule))),
  ingressDeny: optional(list(placed(ingressDenyRule))),
  egress: optional(list(placed(egressRule))),
  egressDeny: optional(list(placed(egressDenyRule))),
  labels: optional(
    list(
      object<Label>('label', {
        key: required(text),
        value: optional(text),
        source: optional(text),
      }),
    ),
  ),
  enableDefaultDeny: optional(
    object<Isolation>('enableDefaultDeny', {
      ingress: optional(boolean),
      egress: optional(boolean),
    }),
  ),
  description: optional(text),
  log: optional(object<{ value?: string | undefined }>('log', { value: optional(text) })),
});

const spec: Reader<Spec> = (at) => {
  const value = rawSpec(at);
  const { endpointSelector, nodeSelector } = value;
  if ((endpointSelector === undefined) !== (nodeSelector === undefined)) return value;
  const message = 'needs one of endpointSelector and nodeSelector';
  return at.refuse('PLB_MANIFEST_VALUE', message, 'Say whom the policy is about: {} is everybody.');
};

interface Document {
  readonly apiVersion: string;
  readonly metadata: Metadata;
  readonly spec?: Placed<Spec> | undefined;
  readonly specs?: readonly Placed<Spec>[] | undefined;
}

const document = object<Document>('policy', {
  apiVersion: required(text),
  kind: ignored,
  metadata: required(metadata),
  spec: optional(placed(spec)),
  specs: optional(list(placed(spec))),
  status: ignored,
});

/** CiliumNetworkPolicy, and CiliumClusterwideNetworkPolicy, which is in no namespace. */
export function ciliumPolicy(isNamespaced: boolean): (at: At) => Resource {
  return (at) => {
    const { metadata: meta, spec: only, specs = [] } = document(at);
    const all = [...(only ? [only] : []), ...specs];
    if (all.length === 0) {
      at.refuse('PLB_MANIFEST_VALUE', 'has neither spec nor specs', 'Say what the policy is.');
    }
    for (const { value, at: where } of all) {
      if (!isNamespaced || value.nodeSelector === undefined) continue;
      const hint = 'Make it a CiliumClusterwideNetworkPolicy.';
      where.refuse('PLB_MANIFEST_VALUE', 'selects nodes, which are in no namespace', hint);
    }
    const kind = isNamespaced ? 'CiliumNetworkPolicy' : 'CiliumClusterwideNetworkPolicy';
    return {
      kind,
      metadata: meta,
      at,
      isNamespaced,
      emit: (calls) => emit(calls, meta, all, at, isNamespaced),
    };
  };
}

/** The list of rules that Cilium's API takes: policies without a kind or a name, of no namespace. */
export function ciliumApiRules(name: string): (at: At) => Resource {
  const read = list(placed(spec));
  return (at) => {
    const all = read(at);
    const meta = { name };
    return {
      kind: 'Cilium API rules',
      metadata: meta,
      at,
      isNamespaced: false,
      emit: (calls) => emit(calls, meta, all, at, false),
    };
  };
}

function emit(
  calls: Calls,
  meta: Metadata,
  all: readonly Placed<Spec>[],
  at: At,
  isNamespaced: boolean,
): void {
  const scope = isNamespaced ? calls.namespace(meta.namespace ?? 'default', at) : 'app';
  all.forEach(({ value }, index) => {
    const name = all.length === 1 ? meta.name : `${meta.name}-${String(index + 1)}`;
    const { ingress, ingressDeny, egress, egressDeny, labels = [], ...own } = value;
    const { endpointSelector, nodeSelector, enableDefaultDeny, description, log } = own;
    const write = (rules: Rules, direction: 'from' | 'to') =>
      rules?.map((rule) => writeRule(calls, rule, direction));
    const props = defined({
      description: description ?? aboutOf(meta)['description'],
      labels: labelsOf(meta, labels),
      log: log?.value === undefined ? undefined : { value: log.value },
      endpointSelector,
      nodeSelector,
      enableDefaultDeny: enableDefaultDeny && defined(enableDefaultDeny),
      ingress: write(ingress, 'from'),
      ingressDeny: write(ingressDeny, 'from'),
      egress: write(egress, 'to'),
      egressDeny: write(egressDeny, 'to'),
    }) as ConstructCall['props'];
    const rules = { ingress, ingressDeny, egress, egressDeny };
    calls.addPolicy('NetworkPolicy', scope, name, props, at, rules);
  });
}

function labelsOf(meta: Metadata, labels: readonly Label[]): PlainValue | undefined {
  const own = labels.map(({ source, key, value = '' }) => [
    source ? `${source}:${key}` : key,
    value,
  ]);
  const all = { ...(aboutOf(meta)['labels'] as object), ...(Object.fromEntries(own) as object) };
  return Object.keys(all).length === 0 ? undefined : all;
}

/** The rule as the construct takes it. */
function writeRule(
  calls: Calls,
  { value, at }: Placed<CiliumRule>,
  direction: 'from' | 'to',
): PlainValue {
  const { endpoints, cidr, cidrSet, entities, nodes, services, fqdns, toPorts, icmps } = value;
  return defined({
    [`${direction}Endpoints`]: endpoints,
    [`${direction}CIDR`]: cidr?.map(withLength),
    [`${direction}CIDRSet`]: cidrSet?.map((source) => writeCidr(calls, source, at)),
    [`${direction}Entities`]: entities,
    [`${direction}Nodes`]: nodes,
    toServices: services && writeServices(calls, services),
    toFQDNs: fqdns,
    toPorts,
    icmps,
  }) as PlainValue;
}
