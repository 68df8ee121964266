import { RESERVED } from '../model/identity.js';
import type { Labels } from '../model/program.js';

/** Identities shown by name before the rest is only counted. */
const SHOWN = 3;

/** An identity's number, or a prefix of addresses outside as text. */
export type Peer = number | string;

/** Who is in a set of peers, for people; by what is missing where that is shorter. */
export function whoText(
  peers: readonly Peer[],
  labels: ReadonlyMap<number, Labels>,
  everybody: readonly Peer[],
): string {
  const inside = new Set(peers);
  const missing = everybody.filter((peer) => !inside.has(peer));
  const text = (peer: Peer): string => peerText(peer, labels);
  if (missing.length === 0) return 'anyone';
  // Of those who are somebody: peers may be such as nobody is yet.
  if (missing.length < everybody.length - missing.length && missing.length <= SHOWN) {
    return `anyone but ${missing.map(text).join(', ')}`;
  }
  // Endpoints before what is outside or reserved: they are what a program is about.
  const isEndpoint = (peer: Peer): boolean =>
    typeof peer === 'number' && peer > RESERVED['world-ipv6'];
  const ordered = [...peers.filter(isEndpoint), ...peers.filter((peer) => !isEndpoint(peer))];
  return listText(ordered.map(text));
}

function peerText(peer: Peer, labels: ReadonlyMap<number, Labels>): string {
  if (typeof peer === 'number') return identityText(peer, labels.get(peer));
  if (peer === '0.0.0.0/0') return 'world-ipv4';
  return peer === '::/0' ? 'world-ipv6' : peer;
}

/** `host`, `{class=xwing,org=alliance}`, `identity 300` for one that nobody knows. */
export function identityText(id: number, labels: Labels | undefined): string {
  const reserved = Object.entries(RESERVED).find(([, number]) => number === id);
  if (reserved !== undefined) return reserved[0];
  if (labels === undefined) return `identity ${String(id)}`;
  if (Object.hasOwn(labels, 'reserved:world')) return `CIDR identity ${String(id)}`;
  const keys = Object.keys(labels).sort();
  return `{${keys.map((key) => `${key}=${labels[key] ?? ''}`).join(',')}}`;
}

/** Several texts in one, the last ones counted when there are many. */
export function listText(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN).join(', ');
  return texts.length > SHOWN ? `${shown} and ${String(texts.length - SHOWN)} more` : shown;
}
