import type { Identity } from '../model/identity.js';
import type { FilterRules, Listener } from '../model/l7.js';
import type { Direction, ParsedPolicy } from './policy-set.js';
import type { PrefixIdentity } from './prefixes.js';
import type { Ends, TableEntry } from './table.js';

/** Class of a direction's default. */
export const DEFAULT_CLASS = 0;

/** Tables of one version by class; {@link DEFAULT_CLASS} is always there, others where they differ from it. */
export type Refs = Readonly<Record<Direction, ReadonlyMap<number, number>>>;

/**
 * What the kernel's policy maps hold, as plain numbers: made by the compiler, or read back from a
 * kernel. All that a verdict depends on is here.
 */
export interface PolicyView {
  /** Identity to class. */
  readonly classes: ReadonlyMap<number, number>;
  /** Identity of a local endpoint to its policy set; `host` too, if a policy is about this node itself. */
  readonly policySets: ReadonlyMap<number, number>;
  /** Policy set to version. */
  readonly heads: ReadonlyMap<number, number>;
  readonly versions: ReadonlyMap<number, Refs>;
  readonly tables: ReadonlyMap<number, readonly TableEntry[]>;
  /** Whether the local host may reach its own endpoints whatever their ingress says. */
  readonly allowLocalhost: boolean;
  /**
   * Who is at the addresses outside, as far as no longer prefix says otherwise; with 0.0.0.0/0 and ::/0.
   * Identities of prefixes are renamed when terms come or go: only with this are two policies compared
   * address by address.
   */
  readonly prefixes?: readonly PrefixIdentity[];
  /**
   * By identity the addresses of its endpoints here, and whether what is denied them is only audited.
   * Default: none is.
   */
  readonly audits?: ReadonlyMap<number, ReadonlyMap<string, boolean>>;
  /** By id: what tables' listeners let through. Default: they are told apart by number alone. */
  readonly listeners?: ReadonlyMap<number, FilterRules>;
}

/** Why a policy set is as it is: the policies that apply, and how to name it. */
export interface PolicySetInfo {
  readonly label: string;
  readonly policies: readonly ParsedPolicy[];
  /** Default deny by direction. */
  readonly isolated: Readonly<Record<Direction, boolean>>;
  /** How that comes to be: what tiers end with. */
  readonly ends: Readonly<Record<Direction, Ends>>;
}

export interface CompiledPolicy extends PolicyView {
  /** Every identity that was given, and those of prefixes. */
  readonly identities: readonly Identity[];
  readonly prefixes: readonly PrefixIdentity[];
  readonly sets: ReadonlyMap<number, PolicySetInfo>;
  /** Keys of the terms that hold for a class. */
  readonly classTerms: ReadonlyMap<number, readonly string[]>;
  /**
   * Class of an identity that nobody has seen yet; one lookup for each of its labels. Undefined when it
   * is the first of its class, or calls a port by a name
   * that rules ask for as nobody else does: no tables are compiled for that, and the default would miss its denials.
   */
  readonly classOf: (identity: Identity) => number | undefined;
  /** By id: those that tables name. */
  readonly listeners: ReadonlyMap<number, Listener>;
  readonly warnings: readonly string[];
}
