import type { CIDRRuleSpec, Entity, SelectorSpec } from '../src/model/program.js';
import type { FQDNSelector, IngressPortRule, PlainPortRule, TrafficProps } from './port-rule.js';

/** A prefix, or a {@link CIDRGroup} by name or by its labels; what is excepted is not meant. */
export type CIDRRule =
  | (CIDRRuleSpec & { readonly cidrGroupRef?: never; readonly cidrGroupSelector?: never })
  | {
      readonly cidrGroupRef: string;
      readonly except?: readonly string[];
      readonly cidr?: never;
      readonly cidrGroupSelector?: never;
    }
  | {
      readonly cidrGroupSelector: SelectorSpec;
      readonly except?: readonly string[];
      readonly cidr?: never;
      readonly cidrGroupRef?: never;
    };

/** Who sends to the subject, by every kind of peer. */
interface From {
  /** Endpoints by label; entries add up, `[]` is nobody, `[{}]` is every endpoint. @default any peer */
  readonly fromEndpoints: readonly SelectorSpec[];
  /** Prefixes outside the cluster. @default any peer */
  readonly fromCIDR: readonly string[];
  /** Prefixes outside the cluster, with exceptions, or groups of them. @default any peer */
  readonly fromCIDRSet: readonly CIDRRule[];
  /** Nodes by label, this one too; `[{}]` is every node. @default any peer */
  readonly fromNodes: readonly SelectorSpec[];
  /** Peers by kind, for example `world`. @default any peer */
  readonly fromEntities: readonly Entity[];
  /** Whom prefixes of this rule mean besides who is outside the cluster. @default nobody */
  readonly cidrMatchMode: readonly ('pods' | 'nodes')[];
}

/** Whom the subject sends to, by every kind of peer. */
interface To {
  /** Endpoints by label; entries add up, `[]` is nobody, `[{}]` is every endpoint. @default any peer */
  readonly toEndpoints: readonly SelectorSpec[];
  /** Prefixes outside the cluster. @default any peer */
  readonly toCIDR: readonly string[];
  /** Prefixes outside the cluster, with exceptions, or groups of them. @default any peer */
  readonly toCIDRSet: readonly CIDRRule[];
  /** Nodes by label, this one too; `[{}]` is every node. @default any peer */
  readonly toNodes: readonly SelectorSpec[];
  /** Back-ends of services, by the services' names; ports are those of the back-ends. @default any peer */
  readonly toServices: readonly string[];
  /**
   * Addresses that the DNS gave for names. In `matchPattern` `*` stays within one label, a leading `**.`
   * spans labels, and `*` alone is every name. @default any peer
   */
  readonly toFQDNs: readonly FQDNSelector[];
  /** Peers by kind, for example `world`. @default any peer */
  readonly toEntities: readonly Entity[];
  /** Whom prefixes of this rule mean besides who is outside the cluster. @default nobody */
  readonly cidrMatchMode: readonly ('pods' | 'nodes')[];
}

/** These of the kinds of peers, and none of the others. */
type Only<Kinds, Needed extends keyof Kinds, Optional extends keyof Kinds = never> = {
  readonly [K in Needed]: Kinds[K];
} & { readonly [K in Optional]?: Kinds[K] } & {
  readonly [K in Exclude<keyof Kinds, Needed | Optional>]?: never;
};

/** Names its peers in one way, or not at all: that is anybody. */
type IngressPeers =
  | Only<From, never>
  | Only<From, 'fromEndpoints'>
  | Only<From, 'fromCIDR', 'fromCIDRSet' | 'cidrMatchMode'>
  | Only<From, 'fromCIDRSet', 'fromCIDR' | 'cidrMatchMode'>
  | Only<From, 'fromNodes'>
  | Only<From, 'fromEntities'>;

type EgressPeers =
  | Only<To, never>
  | Only<To, 'toEndpoints'>
  | Only<To, 'toCIDR', 'toCIDRSet' | 'cidrMatchMode'>
  | Only<To, 'toCIDRSet', 'toCIDR' | 'cidrMatchMode'>
  | Only<To, 'toNodes'>
  | Only<To, 'toServices'>
  | Only<To, 'toEntities'>;

/** Who may send to the subject, on which ports. Without any `from…`: anybody, the world included. */
export type IngressRule = IngressPeers & TrafficProps<IngressPortRule>;

/** Who must not. Without any `from…`: anybody, the world included. */
export type IngressDenyRule = IngressPeers & TrafficProps<PlainPortRule>;

/** Whom the subject may send to, on which ports. Without any `to…` but ports: anybody, the world included. */
export type EgressRule = (EgressPeers | Only<To, 'toFQDNs'>) & TrafficProps;

/** Whom it must not. By names nobody is denied: addresses of them are only known once they are asked for. */
export type EgressDenyRule = EgressPeers & TrafficProps<PlainPortRule>;

/** A rule of egress without rules of layer 7. */
export type PlainEgressRule = (EgressPeers | Only<To, 'toFQDNs'>) & TrafficProps<PlainPortRule>;
