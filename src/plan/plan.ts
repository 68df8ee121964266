import type { Origin } from '../model/error.js';
import type { KindName, Resource } from '../state/state.js';

export type Action = 'create' | 'update' | 'replace' | 'delete' | 'commit';

/**
 * `stage` builds beside what is live and changes no verdict; `commit` is the one write that does;
 * `retire` takes away what nothing reaches any more.
 */
export type Phase = 'stage' | 'commit' | 'retire';

/**
 * One change as plain data. The inverse is the swap of `before` and `after`. For bpf-entries both hold
 * only the rows that differ: `before` those that go or change, `after` those that come or change.
 * Steps on `plumb_heads` write the idle buffer; those on `plumb_heads/live` the active one (neutral moves).
 * The commit step has key `plumb_config/epoch`, kind bpf-entries, and neither before nor after.
 */
export interface Step {
  readonly phase: Phase;
  readonly action: Action;
  readonly kind: KindName;
  readonly key: string;
  readonly before: Resource | null;
  readonly after: Resource | null;
  /** Construct and line that cause the step; for what leaves the program, those of its node. */
  readonly origin: Origin;
  /** Short reason, for example `not in the program`, `differs: mtu`. */
  readonly why: string;
  /** Readable name where the key is a hash. */
  readonly label?: string;
  /** Only on a commit: whether the buffer of heads flips; otherwise just the generation is raised. */
  readonly flip?: boolean;
}

/** Use of a map after the plan, in entries. */
export interface MapUse {
  readonly used: number;
  readonly max: number;
}

export interface Summary {
  readonly add: number;
  readonly change: number;
  readonly remove: number;
}

export interface Plan {
  readonly version: 1;
  readonly node: string;
  readonly summary: Summary;
  readonly steps: readonly Step[];
  readonly maps: Readonly<Record<string, MapUse>>;
  /** SHA-256 (hex) of the canonical actual state that the plan was made from. */
  readonly fingerprint: string;
  /** `<kind> <key>` of every resource of that state to 16 digits of its digest, to tell what moved since. */
  readonly basis: Readonly<Record<string, string>>;
}
