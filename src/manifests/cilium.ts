import { matchesSelector } from '../model/selector.js';
import type { ConstructCall, PlainValue } from '../model/construct-call.js';
import type { CIDRRuleSpec, SelectorSpec } from '../model/program.js';
import { aboutOf, exceptionsIn, type Calls, type Resource } from './calls.js';
import { egressDenyRule, egressRule, ingressDenyRule, ingressRule } from './cilium-rule.js';
import type { CidrSource, CiliumRule } from './cilium-rule.js';
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
      description,
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

/** The rule as the construct takes it, groups of prefixes written out. */
function writeRule(
  calls: Calls,
  { value, at }: Placed<CiliumRule>,
  direction: 'from' | 'to',
): PlainValue {
  const { endpoints, cidr, cidrSet, entities, nodes, fqdns, toPorts, icmps } = value;
  return defined({
    [`${direction}Endpoints`]: endpoints,
    [`${direction}CIDR`]: cidr?.map(withLength),
    [`${direction}CIDRSet`]: cidrSet?.flatMap((source) => writeCidr(calls, source, at)),
    [`${direction}Entities`]: entities,
    [`${direction}Nodes`]: nodes,
    toFQDNs: fqdns,
    toPorts,
    icmps,
  }) as PlainValue;
}

function writeCidr(calls: Calls, source: CidrSource, at: At): CIDRRuleSpec[] {
  const { cidr, cidrGroupRef, cidrGroupSelector, except = [] } = source;
  const write = (one: string, holes: readonly string[]): CIDRRuleSpec => {
    return { cidr: withLength(one), ...(holes.length > 0 && { except: holes.map(withLength) }) };
  };
  // An exception outside its own prefix is left for validation to refuse.
  if (cidr !== undefined) return [write(cidr, except)];
  const groups =
    cidrGroupRef === undefined
      ? [...calls.groups.values()].filter(({ labels }) =>
          matchesSelector(cidrGroupSelector ?? {}, labels),
        )
      : [calls.groups.get(cidrGroupRef)].filter((group) => group !== undefined);
  if (cidrGroupRef !== undefined && groups.length === 0) {
    const hint = `Give the file with the CiliumCIDRGroup ${cidrGroupRef}, too.`;
    at.complain(
      'PLB_MANIFEST_VALUE',
      `names a CIDR group ${cidrGroupRef}, which is not there`,
      hint,
    );
  }
  const holes = except.map(withLength);
  return groups.flatMap(({ cidrs }) =>
    cidrs.map(withLength).map((one) => write(one, exceptionsIn(one, holes))),
  );
}

/** Cilium takes a bare address for a prefix of its full length. */
function withLength(text: string): string {
  if (text.includes('/')) return text;
  return `${text}/${text.includes(':') ? '128' : '32'}`;
}

interface GroupDocument {
  readonly metadata: Metadata;
  readonly spec: { readonly externalCIDRs: readonly string[] };
}

const groupDocument = object<GroupDocument>('CIDR group', {
  apiVersion: required(text),
  kind: ignored,
  metadata: required(metadata),
  spec: required(
    object<GroupDocument['spec']>('CIDR group', { externalCIDRs: required(list(text)) }),
  ),
  status: ignored,
});

/** CiliumCIDRGroup: prefixes that rules name by the group's name or labels. */
export function cidrGroup(at: At): Resource {
  const {
    metadata: meta,
    spec: { externalCIDRs: cidrs },
  } = groupDocument(at);
  const kind = 'CiliumCIDRGroup';
  // Known before any rule is written out: groups come first.
  const emitGroup = (calls: Calls): void =>
    void calls.groups.set(meta.name, { labels: meta.labels ?? {}, cidrs });
  return { kind, metadata: meta, at, isNamespaced: false, emit: emitGroup };
}
