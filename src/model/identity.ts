import type { Labels } from './program.js';

/** A number for a set of labels (DESIGN: identities). */
export interface Identity {
  readonly id: number;
  readonly labels: Labels;
}

/** Reserved numbers, the same as Cilium's. */
export const RESERVED = {
  host: 1,
  world: 2,
  unmanaged: 3,
  health: 4,
  init: 5,
  'remote-node': 6,
  'kube-apiserver': 7,
  ingress: 8,
  'world-ipv4': 9,
  'world-ipv6': 10,
} as const;

export type ReservedName = keyof typeof RESERVED;

/** What keys of reserved labels begin with. */
export const RESERVED_SOURCE = 'reserved:';

/** Identities agreed in the cluster or in the lock file. */
export const CLUSTER_IDENTITY_MIN = 256;
export const CLUSTER_IDENTITY_MAX = 65_535;

/** Identities of prefixes, meaningful on this node alone: bit 24 set, as in Cilium. */
export const LOCAL_IDENTITY_MIN = 1 << 24;
export const LOCAL_IDENTITY_MAX = (1 << 25) - 1;

/** Labels of a reserved identity: one key `reserved:<name>`. The two world families are also `reserved:world`. */
export function reservedLabels(name: ReservedName): Labels {
  const own = { [`${RESERVED_SOURCE}${name}`]: '' };
  return name === 'world-ipv4' || name === 'world-ipv6'
    ? { ...own, [`${RESERVED_SOURCE}world`]: '' }
    : own;
}

/** Identities of other nodes with labels: bit 25 set, as in Cilium. */
export const NODE_IDENTITY_MIN = 1 << 25;
export const NODE_IDENTITY_MAX = (1 << 26) - 1;

/**
 * Identities of addresses that have names, meaningful on this node alone: bit 26 set. Who answers
 * queries writes them, no plan does.
 */
export const NAME_IDENTITY_MIN = 1 << 26;
export const NAME_IDENTITY_MAX = (1 << 27) - 1;

export function isNameIdentity(id: number): boolean {
  return id >= NAME_IDENTITY_MIN && id <= NAME_IDENTITY_MAX;
}
