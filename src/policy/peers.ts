import {
  CLUSTER_IDENTITY_MAX,
  CLUSTER_IDENTITY_MIN,
  RESERVED,
  RESERVED_SOURCE,
  type Identity,
} from '../model/identity.js';
import type { Entity, Labels, RuleSpec, SelectorSpec } from '../model/program.js';
import { matchesSelector, selectorKey } from '../model/selector.js';

/**
 * One term that tells peers apart. Rules name peers by the key; equal terms of different rules are
 * one, and its key is what a class is made of.
 */
export type PeerSelector =
  | { readonly kind: 'endpoints'; readonly key: string; readonly selector: SelectorSpec }
  | { readonly kind: 'entity'; readonly key: string; readonly entity: Entity }
  | { readonly kind: 'cidr'; readonly key: string; readonly entries: readonly CIDREntry[] };

export interface CIDREntry {
  readonly cidr: string;
  readonly except: readonly string[];
}

/**
 * Whom a rule means: undefined for any peer, an empty list for nobody. The whole CIDR list of a rule
 * is one term, so that ten thousand prefixes are one class.
 */
export function peersOf(rule: RuleSpec): PeerSelector[] | undefined {
  const { endpoints, cidr, cidrSet, entities } = rule;
  if (endpoints !== undefined) {
    return endpoints.map((selector) => ({
      kind: 'endpoints',
      key: `endpoints ${selectorKey(selector)}`,
      selector,
    }));
  }
  if (entities !== undefined) {
    if (entities.includes('all')) return undefined;
    const named = entities.filter((entity) => entity !== 'none');
    return named.map((entity) => ({ kind: 'entity', key: `entity ${entity}`, entity }));
  }
  if (cidr === undefined && cidrSet === undefined) {
    // `{}` alone isolates and selects nothing; with ports it is any peer.
    return rule.toPorts === undefined && rule.icmps === undefined ? [] : undefined;
  }
  const entries = [
    ...(cidr ?? []).map((text) => ({ cidr: text, except: [] })),
    ...(cidrSet ?? []).map(({ cidr: text, except = [] }) => ({ cidr: text, except })),
  ];
  if (entries.length === 0) return [];
  const texts = entries.map((e) => [e.cidr, ...[...e.except].sort()].join(' -'));
  return [{ kind: 'cidr', key: `cidr ${[...new Set(texts)].sort().join(', ')}`, entries }];
}

/** The reserved identities that an entity means, besides what {@link matchesEntity} adds. */
const CLUSTER: readonly number[] = [
  RESERVED.host,
  RESERVED.unmanaged,
  RESERVED.health,
  RESERVED.init,
  RESERVED['remote-node'],
  RESERVED['kube-apiserver'],
  RESERVED.ingress,
];

export function isEndpointIdentity(id: number): boolean {
  return id >= CLUSTER_IDENTITY_MIN && id <= CLUSTER_IDENTITY_MAX;
}

export function matchesEntity(entity: Entity, { id, labels }: Identity): boolean {
  if (entity === 'all') return true;
  if (entity === 'none') return false;
  if (entity === 'cluster') return isEndpointIdentity(id) || CLUSTER.includes(id);
  return Object.hasOwn(labels, `reserved:${entity}`);
}

/** Terms by one of the label pairs that they ask for, so that an identity meets few of them. */
export class PeerIndex {
  private readonly byPair = new Map<string, PeerSelector[]>();
  private readonly others: PeerSelector[] = [];
  private readonly entities: PeerSelector[] = [];
  private readonly reserved: PeerSelector[] = [];

  constructor(selectors: Iterable<PeerSelector>) {
    for (const peer of selectors) {
      if (peer.kind === 'entity') this.entities.push(peer);
      if (peer.kind !== 'endpoints') continue;
      const [pair] = Object.entries(peer.selector.matchLabels ?? {});
      if (asksForReserved(peer.selector)) this.reserved.push(peer);
      else if (pair === undefined) this.others.push(peer);
      else add(this.byPair, pair.join('='), peer);
    }
  }

  /** Sorted keys of the terms that hold for an identity; CIDR terms are known by prefix, not here. */
  keysOf(identity: Identity): string[] {
    const keys: string[] = [];
    for (const peer of this.entities) {
      if (peer.kind === 'entity' && matchesEntity(peer.entity, identity)) keys.push(peer.key);
    }
    if (isEndpointIdentity(identity.id)) this.addEndpointKeys(identity.labels, keys);
    else addHolding(this.reserved, identity.labels, keys);
    return keys.length > 1 ? keys.sort() : keys;
  }

  private addEndpointKeys(labels: Labels, keys: string[]): void {
    for (const key in labels) {
      addHolding(this.byPair.get(`${key}=${labels[key] ?? ''}`) ?? [], labels, keys);
    }
    addHolding(this.others, labels, keys);
  }
}

/** A selector means endpoints, unless it asks for a `reserved:` label, which no endpoint has. */
function asksForReserved({ matchLabels = {}, matchExpressions = [] }: SelectorSpec): boolean {
  const asked = matchExpressions.filter(
    ({ operator }) => operator === 'In' || operator === 'Exists',
  );
  const keys = [...Object.keys(matchLabels), ...asked.map(({ key }) => key)];
  return keys.some((key) => key.startsWith(RESERVED_SOURCE));
}

function addHolding(peers: readonly PeerSelector[], labels: Labels, keys: string[]): void {
  for (const peer of peers) {
    if (peer.kind === 'endpoints' && matchesSelector(peer.selector, labels)) keys.push(peer.key);
  }
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
