import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import { normalizeResource } from './kinds.js';
import type { Resource, State } from './state.js';

/** Order of resources in a State: by kind, then key. */
export function compareResources(
  a: { readonly kind: string; readonly key: string },
  b: { readonly kind: string; readonly key: string },
): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}

/**
 * The one form of equal states: attributes normal, sets of rows sorted and none empty, resources sorted.
 * @throws RangeError when two resources have the same kind and key.
 */
export function normalizeState(state: State): State {
  const resources = state.resources
    .map(normalizeResource)
    .filter((r) => r.kind !== 'bpf-entries' || r.columns.count > 0)
    .sort(compareResources);
  resources.forEach((resource, i) => {
    const last = resources[i - 1];
    if (last !== undefined && compareResources(last, resource) === 0) {
      throw new RangeError(`two resources are called ${resource.kind} ${resource.key}`);
    }
  });
  const present = new Set(resources.filter((r) => r.kind === 'bpf-entries').map((r) => r.key));
  const previous = [...new Set(state.previous)].filter((key) => present.has(key)).sort();
  return {
    version: 1,
    node: state.node,
    resources,
    ...(previous.length > 0 ? { previous } : {}),
  };
}

/** A state of nothing, for example to plan the removal of all that is ours. */
export function emptyState(node: string): State {
  return { version: 1, node, resources: [] };
}

/** Hex digits of a resource's digest that are kept: enough to tell what moved. */
const BASIS_DIGITS = 16;

/** What a plan remembers of the state that it was made from. */
export interface Basis {
  /**
   * SHA-256 (hex) of what a state says of the kernel. Origins and labels are no part of it: they may
   * change without a change of the kernel.
   */
  readonly fingerprint: string;
  /** `<kind> <key>` of every resource to the first 16 digits of its own digest. */
  readonly basis: Readonly<Record<string, string>>;
}

export function basisOf(state: State): Basis {
  const { version, node, resources, previous } = normalizeState(state);
  const whole = createHash('sha256').update(line({ version, node, previous: previous ?? [] }));
  const basis: Record<string, string> = {};
  for (const resource of resources) {
    const hash = createHash('sha256');
    for (const chunk of chunksOf(resource)) hash.update(chunk);
    const digest = hash.digest();
    whole.update(digest);
    const digits = digest.toString('hex').slice(0, BASIS_DIGITS);
    basis[`${resource.kind} ${resource.key}`] = digits;
  }
  return { fingerprint: whole.digest('hex'), basis };
}

/** See {@link Basis}. */
export function fingerprint(state: State): string {
  return basisOf(state).fingerprint;
}

/** Equal bytes for states that say the same of the kernel, and for no others. */
export function canonicalBytes(state: State): Uint8Array {
  return Buffer.concat([...canonicalChunks(state)]);
}

function* canonicalChunks(state: State): Generator<Uint8Array> {
  const { version, node, resources, previous } = normalizeState(state);
  yield line({ version, node, previous: previous ?? [] });
  for (const resource of resources) yield* chunksOf(resource);
}

function* chunksOf(resource: Resource): Generator<Uint8Array> {
  const { kind, key } = resource;
  if (resource.kind !== 'bpf-entries') {
    yield line({ kind, key, attributes: resource.attributes });
    return;
  }
  // The count stands before the bytes, so that no two states run together into the same bytes.
  yield line({ kind, key, map: resource.map, count: resource.columns.count });
  yield resource.columns.keys;
  yield resource.columns.values;
}

function line(value: unknown): Uint8Array {
  return Buffer.from(`${canonicalJson(value)}\n`, 'utf8');
}
