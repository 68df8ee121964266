import {
  CLUSTER_IDENTITY_MAX,
  CLUSTER_IDENTITY_MIN,
  NODE_IDENTITY_MAX,
  NODE_IDENTITY_MIN,
  RESERVED,
  RESERVED_SOURCE,
  type Identity,
} from '../model/identity.js';
import type { Entity, RuleSpec, SelectorSpec } from '../model/program.js';
import { selectorKey } from '../model/selector.js';
import { labelOf } from './fqdn.js';

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

/** A selector means endpoints, unless it asks for a `reserved:` label, which no endpoint has. */
export function asksForReserved({ matchLabels, matchExpressions = [] }: SelectorSpec): boolean {
  for (const key in matchLabels) if (key.startsWith(RESERVED_SOURCE)) return true;
  return matchExpressions.some(
    ({ key, operator }) =>
      (operator === 'In' || operator === 'Exists') && key.startsWith(RESERVED_SOURCE),
  );
}
