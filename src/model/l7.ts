import type { Origin } from './error.js';
import type { FQDNSelectorSpec } from './program.js';

/**
 * HTTP requests that are let through. What is absent matches anything; what is there must all hold.
 * Expressions are RE2's, and match the whole of what they are about.
 */
export interface HTTPRuleSpec {
  /** Expression; `GET|HEAD`. */
  readonly method?: string;
  /** Expression, matched without the query; `/v1/.*`. */
  readonly path?: string;
  /** Expression, matched against the host that is asked for, without a port, in small letters. */
  readonly host?: string;
  /** Headers that must be there: `Name`, or `Name: value` for one with exactly that value. */
  readonly headers?: readonly string[];
  readonly headerMatches?: readonly HeaderMatchSpec[];
}

/** A header, and what happens to a request that lacks it, or has another value. */
export interface HeaderMatchSpec {
  readonly name: string;
  /** Absent: any value. */
  readonly value?: string;
  /**
   * LOG: told of, and let through. ADD: the header is added. DELETE: a header of another value is taken
   * away. REPLACE: it gets this value. Absent: the request is denied.
   */
  readonly mismatch?: 'LOG' | 'ADD' | 'DELETE' | 'REPLACE';
}

/** What of the traffic to a port is let through. Exactly one protocol; an empty list is anything of it. */
export interface L7RulesSpec {
  readonly http?: readonly HTTPRuleSpec[];
  /** Names that may be asked for; only in `egress`. */
  readonly dns?: readonly FQDNSelectorSpec[];
  /** Name of a protocol plug-in, whose rules are in `l7`. */
  readonly l7proto?: string;
  /** Fields and values in the words of the plug-in. */
  readonly l7?: readonly Readonly<Record<string, string>>[];
  /** Body of the 403 that answers a denied HTTP request, UTF-8. Default `Access denied\n`. */
  readonly denyBody?: string;
}

/** One rule of a listener, and the lines that ask for it. */
export interface ListenerRule<R> {
  readonly rule: R;
  readonly origins: readonly Origin[];
}

interface ListenerOf<P extends string, R> {
  /** 1 to 2^30 - 1: hash of everything but origins. */
  readonly id: number;
  readonly protocol: P;
  /** Whose policy it is: that of who opens a connection (egress), or of who accepts it. */
  readonly direction: 'ingress' | 'egress';
  /** Sorted, each once; what any of them matches is let through. */
  readonly rules: readonly ListenerRule<R>[];
}

/**
 * A distinct set of L7 rules, which every endpoint shares that it applies to. Its traffic goes through
 * a listening socket of its own.
 */
export type Listener = HTTPListener | DNSListener | TLSListener | PluginListener;
export interface HTTPListener extends ListenerOf<'http', HTTPRuleSpec> {
  readonly denyBody?: string;
}
export type DNSListener = ListenerOf<'dns', FQDNSelectorSpec>;
/** Server names (SNI), as patterns of names; TLS is not decrypted. */
export type TLSListener = ListenerOf<'tls', FQDNSelectorSpec>;
export interface PluginListener extends ListenerOf<'plugin', Readonly<Record<string, string>>> {
  /** Name of the plug-in. */
  readonly plugin: string;
}

/** What a listener lets through, whoever numbered it. */
export type FilterRules = Pick<Listener, 'protocol' | 'direction' | 'rules'> & {
  /** Name of the plug-in. */
  readonly plugin?: string;
};
