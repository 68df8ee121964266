import type { Kind, PlainKindName } from './kind.js';
import { address } from './kinds/address.js';
import { bpfLink } from './kinds/bpf-link.js';
import { bpfMap } from './kinds/bpf-map.js';
import { bpfProgram } from './kinds/bpf-program.js';
import { link } from './kinds/link.js';
import { neighbor } from './kinds/neighbor.js';
import { netns } from './kinds/netns.js';
import { nftTable } from './kinds/nft-table.js';
import { proxy } from './kinds/proxy.js';
import { route } from './kinds/route.js';
import { rule } from './kinds/rule.js';
import { sysctl } from './kinds/sysctl.js';
import { normalizeEntries } from './kinds/bpf-entries.js';
import type { Attributes, KindName, PlainResource, Resource } from './state.js';
import type { Origin } from '../model/error.js';

/** Every kind of plain resource by its name. */
export const KINDS: { readonly [K in PlainKindName]: Kind<K> } = {
  netns,
  link,
  address,
  neighbor,
  route,
  rule,
  sysctl,
  'nft-table': nftTable,
  'bpf-map': bpfMap,
  'bpf-program': bpfProgram,
  'bpf-link': bpfLink,
  proxy,
};

export const KIND_NAMES: readonly KindName[] = [
  ...(Object.keys(KINDS) as PlainKindName[]),
  'bpf-entries',
];

export function kindOf<K extends PlainKindName>(name: K): Kind<K> {
  return KINDS[name];
}

/** Key of a plain resource. @throws RangeError for an address that is none. */
export function keyOf<K extends PlainKindName>(kind: K, attributes: Attributes[K]): string {
  return kindOf(kind).keyOf(attributes);
}

/** A plain resource with normal attributes and its key. @throws RangeError for an address that is none. */
export function resource<K extends PlainKindName>(
  kind: K,
  attributes: Attributes[K],
  origin?: Origin,
): PlainResource<K> {
  const { keyOf, normalize } = kindOf(kind);
  const normal = normalize(attributes);
  const made = { kind, key: keyOf(normal), attributes: normal, ...(origin ? { origin } : {}) };
  NORMAL.add(made);
  return made;
}

/** Resources that have their one form: states of many are normalized again and again. */
const NORMAL = new WeakSet();

/** The same resource in its one form. */
export function normalizeResource(given: Resource): Resource {
  if (NORMAL.has(given)) return given;
  const normal = normalized(given);
  NORMAL.add(normal);
  return normal;
}

function normalized(given: Resource): Resource {
  if (given.kind === 'bpf-entries') return normalizeEntries(given);
  return { ...given, attributes: normalizeAttributes(given.kind, given.attributes) } as Resource;
}

function normalizeAttributes<K extends PlainKindName>(kind: K, attributes: unknown): Attributes[K] {
  return kindOf(kind).normalize(attributes as Attributes[K]);
}
