import type { ConstructCall, Place, PlainValue } from '../model/construct-call.js';
import type { CIDRRuleSpec, SelectorSpec } from '../model/program.js';
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
  required,
} from './reader.js';
import { text, textOrInteger, type Placed, type Reader } from './reader.js';
import { selector } from './selector.js';

interface Peer {
  readonly podSelector?: SelectorSpec | undefined;
  readonly namespaceSelector?: SelectorSpec | undefined;
  readonly ipBlock?:
    { readonly cidr: string; readonly except?: readonly string[] | undefined } | undefined;
}

const rawPeer = object<Peer>('peer', {
  podSelector: optional(selector),
  namespaceSelector: optional(selector),
  ipBlock: optional(
    object<NonNullable<Peer['ipBlock']>>('ipBlock', {
      cidr: required(text),
      except: optional(list(text)),
    }),
  ),
});

const peer: Reader<Peer> = (at) => {
  const value = rawPeer(at);
  const { podSelector, namespaceSelector, ipBlock } = value;
  const bySelector = podSelector !== undefined || namespaceSelector !== undefined;
  if (bySelector !== (ipBlock !== undefined)) return value;
  const message = bySelector ? 'is both a block and a selector' : 'says nothing of the peer';
  return at.refuse('PLB_MANIFEST_VALUE', message, 'Use selectors, or ipBlock.');
};

interface Port {
  readonly port?: string | number | undefined;
  readonly endPort?: number | undefined;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP' | undefined;
}

const port: Reader<Port> = (at) => {
  const value = object<Port>('port', {
    port: optional(textOrInteger),
    endPort: optional(integer),
    protocol: optional(oneOf('TCP', 'UDP', 'SCTP')),
  })(at);
  if (value.port !== undefined || value.endPort === undefined) return value;
  return at.refuse('PLB_MANIFEST_VALUE', 'has an endPort without a port', 'Name the first port.');
};

interface Rule {
  readonly peers?: readonly Peer[] | undefined;
  readonly ports?: readonly Port[] | undefined;
}

const ingressRule: Reader<Rule> = (at) => {
  const { from, ports } = object<{ from?: Rule['peers']; ports?: Rule['ports'] }>('rule', {
    from: optional(list(peer)),
    ports: optional(list(port)),
  })(at);
  return { peers: from, ports };
};

const egressRule: Reader<Rule> = (at) => {
  const { to, ports } = object<{ to?: Rule['peers']; ports?: Rule['ports'] }>('rule', {
    to: optional(list(peer)),
    ports: optional(list(port)),
  })(at);
  return { peers: to, ports };
};

interface Spec {
  readonly podSelector: SelectorSpec;
  readonly ingress?: readonly Placed<Rule>[] | undefined;
  readonly egress?: readonly Placed<Rule>[] | undefined;
  readonly policyTypes?: readonly ('Ingress' | 'Egress')[] | undefined;
}

const document = object<{ readonly metadata: Metadata; readonly spec: Spec }>('NetworkPolicy', {
  apiVersion: required(text),
  kind: ignored,
  metadata: required(metadata),
  spec: required(
    object<Spec>('NetworkPolicy', {
      podSelector: required(selector),
      ingress: optional(list(placed(ingressRule))),
      egress: optional(list(placed(egressRule))),
      policyTypes: optional(list(oneOf('Ingress', 'Egress'))),
    }),
  ),
  status: ignored,
});

export function kubernetesPolicy(at: At): Resource {
  const { metadata: meta, spec } = document(at);
  const { podSelector, ingress = [], egress = [], policyTypes = [] } = spec;
  const props = defined({
    ...aboutOf(meta),
    podSelector,
    // No types are as good as none being named; empty lists of rules mean what the types say.
    policyTypes: policyTypes.length > 0 ? policyTypes : undefined,
    ingress: ingress.length > 0 ? ingress.map((rule) => writeRule(rule, 'from')) : undefined,
    egress: egress.length > 0 ? egress.map((rule) => writeRule(rule, 'to')) : undefined,
  }) as ConstructCall['props'];
  return {
    kind: 'NetworkPolicy',
    metadata: meta,
    at,
    isNamespaced: true,
    emit: (calls) => {
      const scope = calls.namespace(meta.namespace ?? 'default', at);
      const rules = { ingress: ingress.flatMap(parts), egress: egress.flatMap(parts) };
      calls.addPolicy('KubernetesNetworkPolicy', scope, meta.name, props, at, rules);
    },
  };
}

function writeRule({ value: { peers, ports } }: Placed<Rule>, side: 'from' | 'to'): PlainValue {
  return defined({
    [side]: peers?.map((one) => {
      const { podSelector, namespaceSelector, ipBlock } = one;
      const block = ipBlock && (defined(ipBlock) as unknown as CIDRRuleSpec);
      return defined({ podSelector, namespaceSelector, ipBlock: block });
    }),
    ports: ports?.map((one) => defined(one)),
  }) as PlainValue;
}

/** The construct makes a rule for endpoints and one for blocks: as many places as it makes rules. */
function parts(rule: Placed<Rule>): readonly (Placed<Rule> & { readonly place: Place })[] {
  const { peers = [] } = rule.value;
  const kinds = new Set(peers.map(({ ipBlock }) => ipBlock === undefined));
  return kinds.size === 2 ? [rule, rule] : [rule];
}
