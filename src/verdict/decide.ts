import { RESERVED } from '../model/identity.js';
import { DEFAULT_CLASS, type PolicyView } from '../policy/compiled.js';
import type { Direction } from '../policy/policy-set.js';
import { lookup, type TableEntry } from '../policy/table.js';

/** One end of a connection: who it is, and whether it is an endpoint of this node. */
export interface Side {
  readonly identity: number;
  readonly isLocal: boolean;
  /** What its policies deny is let through, and told. Default false. */
  readonly isAudited?: boolean;
}

export type DenyReason =
  'policy-denied' | 'policy-default-deny' | 'no-policy' | 'no-class' | 'no-identity';

/** What one endpoint's policy says in one direction, and by which entries. */
export interface DirectionVerdict {
  readonly direction: Direction;
  readonly allowed: boolean;
  /** Absent when allowed. */
  readonly reason?: DenyReason;
  /** Why it would be denied, if that were not only audited. */
  readonly audited?: DenyReason;
  readonly policySet: number;
  readonly version?: number;
  /** Class of the peer. */
  readonly class?: number;
  readonly table?: number;
  readonly entry?: TableEntry;
}

/** A connection needs every direction that applies to it; none does between ends that are not here. */
export interface Decision {
  readonly allowed: boolean;
  readonly egress?: DirectionVerdict;
  readonly ingress?: DirectionVerdict;
  /** Ingress was not asked, because the local host may always reach its own endpoints. */
  readonly byLocalhost?: true;
}

/** The verdict on a new connection, by the same lookups and in the same order as the datapath's. */
export function decide(
  view: PolicyView,
  from: Side,
  to: Side,
  protocol: number,
  port: number,
): Decision {
  const hasPolicy = ({ isLocal, identity }: Side): boolean =>
    isLocal || (identity === RESERVED.host && view.policySets.has(identity));
  const byLocalhost = view.allowLocalhost && from.identity === RESERVED.host && hasPolicy(to);
  const egress = hasPolicy(from) ? judge(view, 'egress', from, to, protocol, port) : undefined;
  const ingress =
    hasPolicy(to) && !byLocalhost ? judge(view, 'ingress', to, from, protocol, port) : undefined;
  return {
    allowed: (egress?.allowed ?? true) && (ingress?.allowed ?? true),
    ...(egress === undefined ? {} : { egress }),
    ...(ingress === undefined ? {} : { ingress }),
    ...(byLocalhost ? { byLocalhost } : {}),
  };
}

/** Where a policy set's version keeps what it says of a peer; a reason where a step leads nowhere. */
export function findTable(
  view: PolicyView,
  direction: Direction,
  subject: number,
  peer: number,
): Omit<DirectionVerdict, 'allowed'> {
  const policySet = view.policySets.get(subject) ?? 0;
  const version = view.heads.get(policySet);
  if (version === undefined) return { direction, policySet, reason: 'no-policy' };
  if (peer === 0) return { direction, policySet, version, reason: 'no-identity' };
  const id = view.classes.get(peer);
  if (id === undefined) return { direction, policySet, version, reason: 'no-class' };
  const refs = view.versions.get(version)?.[direction];
  const table = refs?.get(id) ?? refs?.get(DEFAULT_CLASS);
  const found = { direction, policySet, version, class: id };
  return table === undefined ? { ...found, reason: 'no-policy' } : { ...found, table };
}

function judge(
  view: PolicyView,
  direction: Direction,
  subject: Side,
  peer: Side,
  protocol: number,
  port: number,
): DirectionVerdict {
  const { reason, ...found } = findTable(view, direction, subject.identity, peer.identity);
  const entry =
    found.table === undefined
      ? undefined
      : lookup(view.tables.get(found.table) ?? [], protocol, port);
  const by = { ...found, ...(entry === undefined ? {} : { entry }) };
  if (entry?.verdict === 'allow' || entry?.verdict === 'redirect') {
    if (subject.isAudited !== true) return { ...by, allowed: true };
    // What is only audited is not filtered.
    const { protocol: number, port: first, bits } = entry;
    const unfiltered = { protocol: number, port: first, bits, verdict: 'allow' as const };
    return { ...by, entry: unfiltered, allowed: true };
  }
  const why =
    reason ?? (entry?.verdict === 'deny' ? 'policy-denied' : ('policy-default-deny' as const));
  return subject.isAudited === true || entry?.audit === true
    ? { ...by, allowed: true, audited: why }
    : { ...by, allowed: false, reason: why };
}
