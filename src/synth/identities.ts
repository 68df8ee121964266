import { PlumbError } from '../model/error.js';
import {
  CLUSTER_IDENTITY_MAX,
  CLUSTER_IDENTITY_MIN,
  RESERVED,
  reservedLabels,
  type Identity,
  type ReservedName,
} from '../model/identity.js';
import type { EndpointSpec, Labels } from '../model/program.js';

/**
 * Identity numbers as recorded next to the program (`plumb.lock.json`), reviewed like any lock file.
 * `next` only grows, so that a number that was freed is not given to other labels while a node
 * still knows it by the old ones.
 */
export interface IdentityLock {
  readonly version: 1;
  readonly next: number;
  /** Canonical labels (`key=value`, sorted, joined by `,`) to number. */
  readonly identities: Readonly<Record<string, number>>;
}

export const EMPTY_LOCK: IdentityLock = { version: 1, next: CLUSTER_IDENTITY_MIN, identities: {} };

/** Canonical text of labels; keys and values contain neither `=` nor `,`. */
export function labelsKey(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key] ?? ''}`)
    .join(',');
}

export interface Allocation {
  /** Reserved identities first, then the cluster's, ascending. */
  readonly identities: readonly Identity[];
  readonly lock: IdentityLock;
  idOf(labels: Labels): number;
}

/**
 * Gives every set of labels of the program its number: the recorded one, or the next free one in the
 * order of the canonical labels. Numbers of labels that left the program are forgotten, never reused.
 *
 * @throws PlumbError PLB_IDENTITIES_EXHAUSTED when the range 256-65535 is used up.
 */
export function allocateIdentities(
  endpoints: readonly EndpointSpec[],
  recorded: IdentityLock = EMPTY_LOCK,
): Allocation {
  const wanted = new Map<string, EndpointSpec>();
  for (const endpoint of endpoints) {
    const key = labelsKey(endpoint.labels);
    if (!wanted.has(key)) wanted.set(key, endpoint);
  }
  const known = new Map(Object.entries(recorded.identities));
  const ids = new Map<string, number>();
  let next = Math.max(
    recorded.next,
    CLUSTER_IDENTITY_MIN,
    ...[...known.values()].map((n) => n + 1),
  );
  for (const key of [...wanted.keys()].sort()) {
    const id = known.get(key) ?? next++;
    if (id > CLUSTER_IDENTITY_MAX) {
      const origin = wanted.get(key)?.origin;
      throw new PlumbError('PLB_IDENTITIES_EXHAUSTED', `no identity number is left for ${key}`, {
        ...(origin === undefined ? {} : { origin }),
        hint: 'Use fewer distinct sets of labels, or delete the lock file while nothing is applied.',
      });
    }
    ids.set(key, id);
  }
  const cluster = [...ids].map(([key, id]) => ({ id, labels: wanted.get(key)?.labels ?? {} }));
  const reserved = (Object.keys(RESERVED) as ReservedName[]).map((name) => ({
    id: RESERVED[name],
    labels: reservedLabels(name),
  }));
  return {
    identities: [...reserved, ...cluster].sort((a, b) => a.id - b.id),
    lock: { version: 1, next, identities: Object.fromEntries(ids) },
    idOf(labels) {
      const id = ids.get(labelsKey(labels));
      if (id === undefined)
        throw new RangeError(`labels without an identity: ${labelsKey(labels)}`);
      return id;
    },
  };
}
