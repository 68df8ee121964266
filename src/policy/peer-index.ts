import { cidrLabel } from '../model/cidr-label.js';
import type { Identity } from '../model/identity.js';
import type { Labels } from '../model/program.js';
import { matchesSelector, selectorLabelKeys } from '../model/selector.js';
import { LabelIndex } from './label-index.js';
import { isNode, matchesNode } from './nodes.js';
import {
  asksForReserved,
  isEndpointIdentity,
  matchesEntity,
  type CIDREntry,
  type PeerSelector,
} from './peers.js';

type Of<K extends PeerSelector['kind']> = PeerSelector & { readonly kind: K };

/** Terms by what they ask of labels, so that an identity meets few of them. */
export class PeerIndex {
  private readonly labels = new LabelIndex();
  private readonly others: Of<'endpoints'>[] = [];
  private readonly entities: Of<'entity'>[] = [];
  private readonly reserved: Of<'endpoints'>[] = [];
  /** Those that look at who is in which prefix, and selectors of nodes. */
  private readonly byPrefix: Of<'cidr'>[] = [];
  private readonly nodes: Of<'nodes'>[] = [];
  private readonly names: Of<'fqdn'>[] = [];

  constructor(selectors: Iterable<PeerSelector>) {
    for (const peer of selectors) {
      if (peer.kind === 'endpoints') this.addEndpoints(peer);
      else if (peer.kind === 'entity') this.entities.push(peer);
      else if (peer.kind === 'nodes') this.nodes.push(peer);
      else if (peer.kind === 'fqdn') this.names.push(peer);
      else if (peer.modes.length > 0) {
        this.byPrefix.push(peer);
        for (const key of cidrKeys(peer.entries)) this.labels.ask(key);
      }
    }
  }

  /** Equal for endpoints that no term tells apart by their labels; counts from 0. */
  signatureOf(labels: Labels): number {
    return this.labels.signatureOf(labels);
  }

  /** Sorted keys of the terms that hold for an identity; CIDR terms are known by prefix, not here. */
  keysOf(identity: Identity): string[] {
    const { id, labels } = identity;
    const keys: string[] = [];
    for (const { entity, key } of this.entities)
      if (matchesEntity(entity, identity)) keys.push(key);
    for (const peer of this.byPrefix) if (isInside(peer, identity)) keys.push(peer.key);
    if (isEndpointIdentity(id)) {
      this.labels.addHolding(labels, keys);
      addHolding(this.others, labels, keys);
    } else {
      addHolding(this.reserved, labels, keys);
      for (const { label, key } of this.names) if (Object.hasOwn(labels, label)) keys.push(key);
      for (const { selector, key } of this.nodes) {
        if (matchesNode(selector, identity)) keys.push(key);
      }
    }
    // A copy has room for no more than there is.
    return keys.length > 1 ? keys.sort() : keys.slice();
  }

  private addEndpoints(peer: Of<'endpoints'>): void {
    const { selector } = peer;
    if (asksForReserved(selector)) this.reserved.push(peer);
    else if (!this.labels.add(peer)) {
      for (const key of selectorLabelKeys(selector)) this.labels.ask(key);
      this.others.push(peer);
    }
  }
}

function cidrKeys(entries: readonly CIDREntry[]): string[] {
  return entries.flatMap(({ cidr, except }) => [cidr, ...except]).map(cidrLabel);
}

/** Whether an endpoint or a node is in a prefix of a term that means such, and in no exception of it. */
function isInside({ entries, modes }: Of<'cidr'>, identity: Identity): boolean {
  const isMeant = isEndpointIdentity(identity.id)
    ? modes.includes('pods')
    : modes.includes('nodes') && isNode(identity);
  const isIn = (text: string): boolean => Object.hasOwn(identity.labels, cidrLabel(text));
  return isMeant && entries.some(({ cidr, except }) => isIn(cidr) && !except.some(isIn));
}

function addHolding(peers: readonly Of<'endpoints'>[], labels: Labels, keys: string[]): void {
  for (const { selector, key } of peers) if (matchesSelector(selector, labels)) keys.push(key);
}
