import {
  CLUSTER_IDENTITY_MAX,
  CLUSTER_IDENTITY_MIN,
  NODE_IDENTITY_MAX,
  NODE_IDENTITY_MIN,
  RESERVED,
  RESERVED_SOURCE,
  type Identity,
} from '../model/identity.js';
import { cidrLabel } from '../model/cidr-label.js';
import type { Entity, Labels, RuleSpec, SelectorSpec } from '../model/program.js';
import { matchesSelector, selectorKey, selectorLabelKeys } from '../model/selector.js';
import { labelOf } from './fqdn.js';
import { isNode, matchesNode } from './nodes.js';

/**
 * One term that tells peers apart. Rules name peers by the key; equal terms of different rules are
 * one, and its key is what a class is made of.
 */
export type PeerSelector =
  | { readonly kind: 'endpoints'; readonly key: string; readonly selector: SelectorSpec }
  | { readonly kind: 'entity'; readonly key: string; readonly entity: Entity }
  | { readonly kind: 'fqdn'; readonly key: string; readonly label: string }
  | { readonly kind: 'nodes'; readonly key: string; readonly selector: SelectorSpec }
  | {
      readonly kind: 'cidr';
      readonly key: string;
      readonly entries: readonly CIDREntry[];
      /** Whom it means besides who is outside, by labels that say who is in a prefix. */
      readonly modes: readonly ('pods' | 'nodes')[];
    };

export interface CIDREntry {
  readonly cidr: string;
  readonly except: readonly string[];
}

/**
 * Whom a rule means: undefined for any peer, an empty list for nobody. The whole CIDR list of a rule
 * is one term, so that ten thousand prefixes are one class.
 */
export function peersOf(rule: RuleSpec): PeerSelector[] | undefined {
  const { endpoints, cidr, cidrSet, entities, nodes, fqdns } = rule;
  if (endpoints !== undefined) {
    return endpoints.map((selector) => ({
      kind: 'endpoints',
      key: `endpoints ${selectorKey(selector)}`,
      selector,
    }));
  }
  if (fqdns !== undefined) {
    return fqdns.map((selector) => {
      const label = labelOf(selector);
      return { kind: 'fqdn', key: label.replace(':', ' '), label };
    });
  }
  if (nodes !== undefined) {
    return nodes.map((selector) => ({
      kind: 'nodes',
      key: `nodes ${selectorKey(selector)}`,
      selector,
    }));
  }
  if (entities !== undefined) {
    if (entities.includes('all')) return undefined;
    const named = entities.filter((entity) => entity !== 'none');
    return named.map((entity) => ({ kind: 'entity', key: `entity ${entity}`, entity }));
  }
  if (cidr === undefined && cidrSet === undefined) {
    // What was not resolved when the program was loaded must not become everybody.
    if (rule.services !== undefined || rule.cidrGroups !== undefined) return [];
    // `{}` alone isolates and selects nothing; with ports it is any peer.
    return rule.toPorts === undefined && rule.icmps === undefined ? [] : undefined;
  }
  const entries = [
    ...(cidr ?? []).map((text) => ({ cidr: text, except: [] })),
    ...(cidrSet ?? []).map(({ cidr: text, except = [] }) => ({ cidr: text, except })),
  ];
  if (entries.length === 0) return [];
  const texts = entries.map((e) => [e.cidr, ...[...e.except].sort()].join(' -'));
  const modes = [...new Set(rule.cidrMatchMode ?? [])].sort();
  const word = ['cidr', ...modes].join(' ');
  return [
    { kind: 'cidr', key: `${word} ${[...new Set(texts)].sort().join(', ')}`, entries, modes },
  ];
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

function isNodeIdentity(id: number): boolean {
  return id >= NODE_IDENTITY_MIN && id <= NODE_IDENTITY_MAX;
}

/** An endpoint is of the cluster and no other entity, whatever its labels say. */
export function matchesEntity(entity: Entity, { id, labels }: Identity): boolean {
  if (entity === 'all') return true;
  if (entity === 'none') return false;
  if (isEndpointIdentity(id)) return entity === 'cluster';
  if (entity === 'cluster') return CLUSTER.includes(id) || isNodeIdentity(id);
  return Object.hasOwn(labels, `reserved:${entity}`);
}

/** Terms by what they ask of labels, so that an identity meets few of them. */
export class PeerIndex {
  /** Terms that ask for one label pair and nothing else. */
  private readonly exact = new Map<string, string[]>();
  private readonly byPair = new Map<string, PeerSelector[]>();
  private readonly others: PeerSelector[] = [];
  private readonly entities: PeerSelector[] = [];
  private readonly reserved: PeerSelector[] = [];
  /** Those that look at who is in which prefix, and selectors of nodes. */
  private readonly byPrefix: PeerSelector[] = [];
  private readonly nodes: PeerSelector[] = [];
  private readonly names: PeerSelector[] = [];
  /** Label keys that terms look at, sorted. */
  private readonly labelKeys: readonly string[];

  constructor(selectors: Iterable<PeerSelector>) {
    const labelKeys = new Set<string>();
    for (const peer of selectors) {
      if (peer.kind === 'entity') this.entities.push(peer);
      if (peer.kind === 'nodes') this.nodes.push(peer);
      if (peer.kind === 'fqdn') this.names.push(peer);
      if (peer.kind === 'cidr' && peer.modes.length > 0) {
        this.byPrefix.push(peer);
        for (const key of cidrKeys(peer.entries)) labelKeys.add(key);
      }
      if (peer.kind !== 'endpoints') continue;
      if (asksForReserved(peer.selector)) {
        this.reserved.push(peer);
        continue;
      }
      for (const key of selectorLabelKeys(peer.selector)) labelKeys.add(key);
      const { matchLabels = {}, matchExpressions = [] } = peer.selector;
      const [pair, ...more] = Object.entries(matchLabels);
      if (pair === undefined) this.others.push(peer);
      else if (more.length + matchExpressions.length > 0) add(this.byPair, pair.join('='), peer);
      else add(this.exact, pair.join('='), peer.key);
    }
    this.labelKeys = [...labelKeys].sort();
  }

  /** Equal for endpoints that no term tells apart by their labels. */
  signatureOf(labels: Labels): string {
    let text = '';
    for (const key of this.labelKeys) {
      const value = labels[key];
      text += typeof value === 'string' ? `=${value}\n` : '\n';
    }
    return text;
  }

  /** Sorted keys of the terms that hold for an identity; CIDR terms are known by prefix, not here. */
  keysOf(identity: Identity): string[] {
    const keys: string[] = [];
    for (const peer of this.entities) {
      if (peer.kind === 'entity' && matchesEntity(peer.entity, identity)) keys.push(peer.key);
    }
    for (const peer of this.byPrefix) {
      if (peer.kind === 'cidr' && isInside(peer, identity)) keys.push(peer.key);
    }
    if (isEndpointIdentity(identity.id)) this.addEndpointKeys(identity.labels, keys);
    else {
      addHolding(this.reserved, identity.labels, keys);
      for (const peer of this.names) {
        if (peer.kind === 'fqdn' && Object.hasOwn(identity.labels, peer.label)) keys.push(peer.key);
      }
      for (const peer of this.nodes) {
        if (peer.kind === 'nodes' && matchesNode(peer.selector, identity)) keys.push(peer.key);
      }
    }
    return keys.length > 1 ? keys.sort() : keys;
  }

  private addEndpointKeys(labels: Labels, keys: string[]): void {
    for (const key of this.labelKeys) {
      const value = labels[key];
      if (typeof value !== 'string') continue;
      const pair = `${key}=${value}`;
      for (const term of this.exact.get(pair) ?? []) keys.push(term);
      addHolding(this.byPair.get(pair) ?? [], labels, keys);
    }
    addHolding(this.others, labels, keys);
  }
}

function cidrKeys(entries: readonly CIDREntry[]): string[] {
  return entries.flatMap(({ cidr, except }) => [cidr, ...except]).map(cidrLabel);
}

/** Whether an endpoint or a node is in a prefix of a term that means such, and in no exception of it. */
function isInside(
  { entries, modes }: PeerSelector & { readonly kind: 'cidr' },
  identity: Identity,
): boolean {
  const isMeant = isEndpointIdentity(identity.id)
    ? modes.includes('pods')
    : modes.includes('nodes') && isNode(identity);
  const isIn = (text: string): boolean => Object.hasOwn(identity.labels, cidrLabel(text));
  return isMeant && entries.some(({ cidr, except }) => isIn(cidr) && !except.some(isIn));
}

/** A selector means endpoints, unless it asks for a `reserved:` label, which no endpoint has. */
export function asksForReserved({
  matchLabels = {},
  matchExpressions = [],
}: SelectorSpec): boolean {
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
