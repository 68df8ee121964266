import type { Construct } from 'constructs';
import { PlumbError } from '../src/model/error.js';
import { NAMESPACE_LABEL, NAMESPACE_LABELS_PREFIX } from '../src/model/namespace.js';
import { LAST_PORT } from '../src/model/port.js';
import type {
  CIDRRuleSpec,
  PolicySpec,
  PortSpec,
  RuleSpec,
  SelectorSpec,
} from '../src/model/program.js';
import { namespaceOf, type Namespace } from './namespace.js';
import { onlyKnown, plain } from './plain.js';
import { Policy, POLICY_BASE, type PolicyBaseProps } from './policy.js';

/** A peer of a {@link KubernetesNetworkPolicy}: endpoints by label, or a block of addresses. */
export type KubernetesPeer =
  | {
      /** In the policy's namespace, or in those that `namespaceSelector` means. @default all */
      readonly podSelector?: SelectorSpec;
      /** Namespaces by their own labels; `{}` is all of them. @default the policy's own */
      readonly namespaceSelector?: SelectorSpec;
      readonly ipBlock?: never;
    }
  | {
      readonly ipBlock: CIDRRuleSpec;
      readonly podSelector?: never;
      readonly namespaceSelector?: never;
    };

/** A port of a {@link KubernetesNetworkPolicy}. */
export interface KubernetesPort {
  /** A number, or what the receiving endpoint calls it. @default all */
  readonly port?: number | string;
  /** Last port of a range. @default port */
  readonly endPort?: number;
  /** @default 'TCP' */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
}

/** What a {@link KubernetesNetworkPolicy} is made from: the spec of a NetworkPolicy, as it is. */
export interface KubernetesNetworkPolicyProps extends PolicyBaseProps {
  /** The subjects, in the policy's namespace. */
  readonly podSelector: SelectorSpec;
  /** `{}` is everything from everybody. @default none */
  readonly ingress?: readonly {
    /** Absent or empty: everybody. */
    readonly from?: readonly KubernetesPeer[];
    /** Absent or empty: all ports and protocols. */
    readonly ports?: readonly KubernetesPort[];
  }[];
  /** `{}` is everything to everybody. @default none */
  readonly egress?: readonly {
    /** Absent or empty: everybody. */
    readonly to?: readonly KubernetesPeer[];
    /** Absent or empty: all ports and protocols. */
    readonly ports?: readonly KubernetesPort[];
  }[];
  /**
   * Directions in which the subjects are default-deny.
   * @default Ingress, and Egress if there are egress rules
   */
  readonly policyTypes?: readonly ('Ingress' | 'Egress')[];
  /** @default the {@link Namespace} around it, which there must be then */
  readonly namespace?: Namespace | string;
}

const KNOWN: readonly (keyof KubernetesNetworkPolicyProps)[] = [
  ...(['podSelector', 'ingress', 'egress', 'policyTypes'] as const),
  'namespace',
  ...POLICY_BASE,
];

/** A NetworkPolicy of Kubernetes, with its meaning where that is another than Cilium's. */
export class KubernetesNetworkPolicy extends Policy {
  readonly name: string;
  private readonly spec: PolicySpec;

  /** @throws PlumbError PLB_DUPLICATE_NAME, PLB_NAMESPACE, PLB_UNKNOWN_FIELD, PLB_NOT_PLAIN */
  constructor(scope: Construct, id: string, props: KubernetesNetworkPolicyProps) {
    super(scope, id, props, KNOWN);
    const { path } = this.node;
    const { namespace: given, ...own } = props;
    const namespace = namespaceOf(this, given)?.name;
    if (namespace === undefined) {
      throw new PlumbError('PLB_NAMESPACE', `${path}: it is in no namespace`, {
        origin: { path },
        hint: 'Make it inside a Namespace, or give it one: namespace: "default".',
      });
    }
    const spec = plain(own, path, 'policy');
    const { name, podSelector, ingress, egress, policyTypes, ...rest } = spec;
    const types = policyTypes ?? ['Ingress', ...(egress === undefined ? [] : ['Egress'])];
    this.name = name ?? this.node.id;
    const ingressRules = (ingress ?? []).flatMap((rule) => {
      onlyKnown(rule, ['from', 'ports'], path);
      return rulesOf(rule.from, rule.ports);
    });
    const egressRules = (egress ?? []).flatMap((rule) => {
      onlyKnown(rule, ['to', 'ports'], path);
      return rulesOf(rule.to, rule.ports);
    });
    this.spec = {
      origin: this.origin,
      name: this.name,
      namespace,
      ...rest,
      endpointSelector: podSelector,
      // A list without rules would be warned of; here it means what the types say.
      ...(ingressRules.length > 0 && { ingress: ingressRules }),
      ...(egressRules.length > 0 && { egress: egressRules }),
      enableDefaultDeny: { ingress: types.includes('Ingress'), egress: types.includes('Egress') },
    };
  }

  toSpec(): PolicySpec {
    return this.spec;
  }
}

/** One rule for the endpoints and one for the blocks: peers of one rule are of one kind. */
function rulesOf(
  peers: readonly KubernetesPeer[] = [],
  ports: readonly KubernetesPort[] = [],
): RuleSpec[] {
  const traffic = ports.length === 0 ? {} : { toPorts: [{ ports: ports.map(portOf) }] };
  if (peers.length === 0) return [{ entities: ['all'], ...traffic }];
  const cidrSet = peers.flatMap(({ ipBlock }) => ipBlock ?? []);
  const endpoints = peers.filter(({ ipBlock }) => ipBlock === undefined).map(selectorOf);
  return [
    ...(endpoints.length > 0 ? [{ endpoints, ...traffic }] : []),
    ...(cidrSet.length > 0 ? [{ cidrSet, ...traffic }] : []),
  ];
}

function selectorOf({ podSelector = {}, namespaceSelector }: KubernetesPeer): SelectorSpec {
  if (namespaceSelector === undefined) return podSelector;
  const { matchLabels = {}, matchExpressions = [] } = namespaceSelector;
  const ofNamespace = (key: string): string => NAMESPACE_LABELS_PREFIX + key;
  return {
    matchLabels: {
      ...podSelector.matchLabels,
      ...Object.fromEntries(Object.entries(matchLabels).map(([k, v]) => [ofNamespace(k), v])),
    },
    matchExpressions: [
      ...(podSelector.matchExpressions ?? []),
      ...matchExpressions.map((term) => ({ ...term, key: ofNamespace(term.key) })),
      // Otherwise `{}` would name no namespace, and mean the policy's own.
      { key: NAMESPACE_LABEL, operator: 'Exists' },
    ],
  };
}

function portOf({ port, endPort, protocol = 'TCP' }: KubernetesPort): PortSpec {
  if (port === undefined) return { port: 1, endPort: LAST_PORT, protocol };
  return { port, protocol, ...(endPort !== undefined && { endPort }) };
}
