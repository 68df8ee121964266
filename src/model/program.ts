import type { Origin } from './error.js';
import type { L7RulesSpec } from './l7.js';
import type { LintIgnore } from './lint.js';
import type { ServiceSpec } from './service.js';

/**
 * What evaluating a user's program yields: plain JSON, no behaviour. It crosses a process boundary
 * (the program runs without privileges) and is validated on this side before anything reads it.
 */
export interface ProgramDocument {
  readonly version: 1;
  readonly nodes: readonly NodeSpec[];
  readonly endpoints: readonly EndpointSpec[];
  readonly policies: readonly PolicySpec[];
  /** Default none. */
  readonly cidrGroups?: readonly CIDRGroupSpec[];
  readonly services: readonly ServiceSpec[];
  /** Lints that the program silences. None by default. */
  readonly lintIgnores?: readonly LintIgnore[];
}

/** Label key to value. A key may carry a source prefix as in Cilium (`k8s:app`, `reserved:host`). */
export type Labels = Readonly<Record<string, string>>;

export interface NodeSpec {
  readonly origin: Origin;
  readonly name: string;
  /** What policies select it by, as a subject and as a peer. Default none. */
  readonly labels?: Labels;
  /** Whether the Kubernetes API is served there: then it is the entity `kube-apiserver`, too. */
  readonly isApiServer?: boolean;
  /** Ranges that this node's endpoints take their addresses from, IPv4 or IPv6 CIDR. At least one. */
  readonly podCIDRs: readonly string[];
  /**
   * Addresses of the node itself inside its ranges, at most one a family: the endpoints' gateway.
   * The first usable address of each range by default.
   */
  readonly gateways: readonly string[];
  /** Further addresses of the host (uplink): identity `host` here. Never configured by plumb. */
  readonly addresses: readonly string[];
  /** Whether the local host may always reach its own endpoints. */
  readonly allowLocalhost: boolean;
  /** Cilium's policy enforcement mode. `always`: default deny even where no policy selects. */
  readonly enforcement: 'default' | 'always' | 'never';
  /** MTU of the node's uplink in bytes, and of endpoint devices unless a tunnel takes some of it. */
  readonly mtu: number;
  /** What policies deny its endpoints is let through, and told. Default false. */
  readonly audit?: boolean;
  /** Absent: the node reaches no endpoints of other nodes. */
  readonly cluster?: ClusterSpec;
  /** Devices that lead out of the node; never configured by plumb. None by default. */
  readonly devices?: readonly string[];
  /** What endpoints send beyond the nodes leaves in the node's name. False by default. */
  readonly masquerade?: boolean;
  /** How packets come to the proxy of layer 7 (docs/l7.md). `socket` by default. */
  readonly redirectMode?: 'socket' | 'tproxy' | 'nat';
  /** Whether drops are told, for `plumb monitor`. True by default. */
  readonly events?: boolean;
  /** Events carry the packet's first bytes (at most 96). False by default. */
  readonly eventBytes?: boolean;
  /** New flows that are allowed are told as well as drops. False by default. */
  readonly eventAllowed?: boolean;
}

/** How the endpoints of nodes with the same cluster reach each other. */
export interface ClusterSpec {
  readonly name: string;
  /** `tunnel`: in VXLAN, with the sender's identity; `routes`: as they are, by routes between nodes. */
  readonly mode: 'tunnel' | 'routes';
  /** UDP port of tunnels, 1-65535. */
  readonly tunnelPort: number;
}

export interface EndpointSpec {
  readonly origin: Origin;
  /** Unique on its node; DNS label. */
  readonly name: string;
  /** Name of the node it lives on. */
  readonly node: string;
  readonly labels: Labels;
  /** Addresses inside the node's ranges, at most one a family, at least one. */
  readonly addresses: readonly string[];
  /** Network namespace that plumb creates for it. */
  readonly netns: string;
  /** What policies deny it is let through, and told. Default false. */
  readonly audit?: boolean;
}

export type Protocol = 'TCP' | 'UDP' | 'SCTP' | 'ICMP' | 'ICMPv6' | 'ANY';

export type SelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

/** Kubernetes label selector. `{}` matches everything; all terms must hold. */
export interface SelectorSpec {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: SelectorOperator;
    readonly values?: readonly string[];
  }[];
}

export type Entity =
  | 'all'
  | 'world'
  | 'world-ipv4'
  | 'world-ipv6'
  | 'cluster'
  | 'host'
  | 'remote-node'
  | 'init'
  | 'ingress'
  | 'health'
  | 'unmanaged'
  | 'kube-apiserver'
  | 'none';

export interface CIDRRuleSpec {
  readonly cidr: string;
  /** Prefixes inside `cidr` that it does not mean. */
  readonly except?: readonly string[];
}

/** Names in the DNS: one, or those that a pattern matches (see src/model/fqdn.ts). Exactly one of them. */
export interface FQDNSelectorSpec {
  readonly matchName?: string;
  readonly matchPattern?: string;
}

/** Prefixes under one name, for rules of many policies. */
export interface CIDRGroupSpec {
  readonly origin: Origin;
  readonly name: string;
  readonly labels: Labels;
  readonly cidrs: readonly string[];
}

/** Groups by name, or by their labels; `except` where it is inside one of their prefixes. */
export interface CIDRGroupRefSpec {
  readonly name?: string;
  readonly selector?: SelectorSpec;
  readonly except?: readonly string[];
}

/**
 * `port` 1-65535 (a number as text, or a number), or the name that the receiving endpoint has for it;
 * `endPort` inclusive, with numbers only. Protocol ANY is TCP, UDP and SCTP.
 */
export interface PortSpec {
  readonly port: string | number;
  readonly endPort?: number;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP' | 'ANY';
}

export interface PortRuleSpec {
  readonly ports: readonly PortSpec[];
  /** What of TCP, or for DNS also of UDP, is let through; not in denials. Default everything. */
  readonly rules?: L7RulesSpec;
  /** Names of TLS servers (SNI) that may be asked for, as patterns of names; TCP. Default any. */
  readonly serverNames?: readonly string[];
}

export interface ICMPFieldSpec {
  readonly family?: 'IPv4' | 'IPv6';
  /** 0-255, or the name of a type in the family, for example `EchoRequest`. */
  readonly type: number | string;
}

/**
 * One ingress or egress rule. At most one of `endpoints`, `cidr`/`cidrSet`, `entities`, `nodes`, `fqdns` names the peer
 * (`cidr` and `cidrSet` add up); none of them means any peer. An empty list selects nothing.
 */
export interface RuleSpec {
  readonly origin?: Origin;
  /** In a policy of a tier, and only there: what the rule says of what it covers. */
  readonly action?: 'Accept' | 'Deny' | 'Pass';
  readonly endpoints?: readonly SelectorSpec[];
  readonly cidr?: readonly string[];
  readonly cidrSet?: readonly CIDRRuleSpec[];
  /** Resolved into `cidrSet` when a program is loaded. */
  readonly cidrGroups?: readonly CIDRGroupRefSpec[];
  /** Whom else prefixes mean besides who is outside: endpoints, nodes. Default nobody. */
  readonly cidrMatchMode?: readonly ('pods' | 'nodes')[];
  readonly entities?: readonly Entity[];
  /** Nodes, this one too, by their labels. */
  readonly nodes?: readonly SelectorSpec[];
  /** Back-ends of services, by the services' names; resolved when a program is loaded. Only egress. */
  readonly services?: readonly string[];
  /** Addresses that the DNS gives for names; only in `egress`, and not to deny. */
  readonly fqdns?: readonly FQDNSelectorSpec[];
  readonly toPorts?: readonly PortRuleSpec[];
  readonly icmps?: readonly { readonly fields: readonly ICMPFieldSpec[] }[];
}

/** A Cilium-shaped policy; `fromX`/`toX` of the construct are already folded into `RuleSpec`'s peers. */
export interface PolicySpec {
  readonly origin: Origin;
  readonly name: string;
  /**
   * The namespace that it is about: its subjects, and peers by label that name no namespace, are in it.
   * Absent: cluster-wide.
   */
  readonly namespace?: string;
  readonly description?: string;
  /** For readers and tools; nothing selects by them. */
  readonly labels?: Labels;
  /** A word that events and explanations carry where one of its rules decides. */
  readonly log?: { readonly value: string };
  /** The subjects: endpoints. Exactly one of this and `nodeSelector`. */
  readonly endpointSelector?: SelectorSpec;
  /** The subjects: nodes themselves, by their labels (host policy); only cluster-wide. */
  readonly nodeSelector?: SelectorSpec;
  readonly ingress?: readonly RuleSpec[];
  readonly ingressDeny?: readonly RuleSpec[];
  readonly egress?: readonly RuleSpec[];
  readonly egressDeny?: readonly RuleSpec[];
  readonly enableDefaultDeny?: { readonly ingress?: boolean; readonly egress?: boolean };
  /**
   * The tier before, or after, policies without one. Its `ingress` and `egress` are in order, each rule
   * has an action, and nobody is default-deny because of it.
   */
  readonly tier?: 'Admin' | 'Baseline';
  /** Place in the tier, 0-1000; lower wins. */
  readonly priority?: number;
  /** Judged and reported, not enforced. Default false. */
  readonly audit?: boolean;
}
