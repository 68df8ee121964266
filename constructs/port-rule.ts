import type { HTTPRuleSpec, L7RulesSpec } from '../src/model/l7.js';
import type { ICMPFieldSpec, PortSpec } from '../src/model/program.js';

/** A name in the DNS, or a pattern: `*` stays within one label, a leading `**.` spans labels, `*` alone is all. */
export type FQDNSelector =
  | { readonly matchName: string; readonly matchPattern?: never }
  | { readonly matchPattern: string; readonly matchName?: never };

/** ICMP messages by type; never together with ports. */
export interface ICMPRule {
  readonly fields: readonly ICMPFieldSpec[];
}

/** Requests of HTTP that are let through; `[]` is all of them. */
export interface HTTPRules {
  readonly http: readonly HTTPRuleSpec[];
  /** Body of the 403 that answers a denied request, UTF-8. @default `Access denied\n` */
  readonly denyBody?: string;
  readonly dns?: never;
  readonly l7proto?: never;
  readonly l7?: never;
}

/** Names that may be asked for; `[]` is all of them. */
export interface DNSRules {
  readonly dns: readonly FQDNSelector[];
  readonly denyBody?: never;
  readonly http?: never;
  readonly l7proto?: never;
  readonly l7?: never;
}

/** What a protocol plug-in lets through. */
export interface PluginRules {
  readonly l7proto: string;
  /** In the words of the plug-in. @default everything of the protocol */
  readonly l7?: NonNullable<L7RulesSpec['l7']>;
  readonly denyBody?: never;
  readonly http?: never;
  readonly dns?: never;
}

/** Ports alone. */
export interface PlainPortRule {
  readonly ports: readonly PortSpec[];
  readonly rules?: never;
  readonly serverNames?: never;
}

/** Ports of one protocol of layer 7. */
export interface FilteredPortRule<Rules> {
  readonly ports: readonly PortSpec[];
  /** What of their traffic is let through. */
  readonly rules: Rules;
  readonly serverNames?: never;
}

/** Ports of TLS. */
export interface TLSPortRule {
  readonly ports: readonly PortSpec[];
  /** Names of TLS servers (SNI) that may be asked for, as patterns of names; TCP. */
  readonly serverNames: readonly string[];
  readonly rules?: never;
}

/** Ports, and what of their traffic is let through: one protocol of layer 7, or the names of TLS servers. */
export type IngressPortRule =
  PlainPortRule | FilteredPortRule<HTTPRules | PluginRules> | TLSPortRule;

/** The same; in egress names in the DNS as well. */
export type PortRule =
  PlainPortRule | FilteredPortRule<HTTPRules | PluginRules | DNSRules> | TLSPortRule;

/** What traffic a rule is about, whoever the peer is: ports or ICMP, not both. */
export type TrafficProps<Rule = PortRule> =
  | {
      /**
       * Destination ports; entries add up. A port may stand for a list of one.
       * @default all ports and protocols
       */
      readonly toPorts?: readonly (Rule | PortSpec)[];
      readonly icmps?: never;
    }
  | {
      /**
       * ICMP messages.
       * @default all traffic
       */
      readonly icmps: readonly ICMPRule[];
      readonly toPorts?: never;
    };
