import { RESERVED } from '../model/identity.js';
import type { Labels } from '../model/program.js';

/** Identities shown by name before the rest is only counted. */
const SHOWN = 3;

/** `host`, `{class=xwing,org=alliance}`, `identity 300` for one that nobody knows. */
export function identityText(id: number, labels: Labels | undefined): string {
  const reserved = Object.entries(RESERVED).find(([, number]) => number === id);
  if (reserved !== undefined) return reserved[0];
  if (labels === undefined) return `identity ${String(id)}`;
  if (Object.hasOwn(labels, 'reserved:world')) return `CIDR identity ${String(id)}`;
  const pairs = Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key] ?? ''}`);
  return `{${pairs.join(',')}}`;
}

/** Several texts in one, the last ones counted when there are many. */
export function listText(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN).join(', ');
  return texts.length > SHOWN ? `${shown} and ${String(texts.length - SHOWN)} more` : shown;
}
