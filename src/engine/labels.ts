import { RESERVED } from '../model/identity.js';
import type { Labels } from '../model/program.js';

/** Identities shown by name before the rest is only counted. */
const SHOWN = 3;

/** Who is in a set of identities, for people; by what is missing where that is shorter. */
export function whoText(
  ids: readonly number[],
  labels: ReadonlyMap<number, Labels>,
  everybody: readonly number[],
): string {
  const inside = new Set(ids);
  const missing = everybody.filter((id) => !inside.has(id));
  const text = (id: number): string => identityText(id, labels.get(id));
  if (missing.length === 0) return 'anyone';
  if (missing.length < ids.length && missing.length <= SHOWN) {
    return `anyone but ${missing.map(text).join(', ')}`;
  }
  // Endpoints before what is reserved: they are what a program is about.
  const isReserved = (id: number): boolean => id <= RESERVED['world-ipv6'];
  const ordered = [...ids.filter((id) => !isReserved(id)), ...ids.filter(isReserved)];
  return listText(ordered.map(text));
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
