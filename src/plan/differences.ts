import { isDeepStrictEqual } from 'node:util';
import { atomizeChangeset, diff } from 'json-diff-ts';
import type { Change, PlainKindName } from '../state/kind.js';
import { kindOf } from '../state/kinds.js';
import type { Attributes } from '../state/state.js';

export interface Comparison {
  readonly change: 'same' | Change;
  /** Names of the attributes that differ, sorted; of a part of one, joined by a dot (`peer.mac`). */
  readonly differs: readonly string[];
}

/** Which of two normal sets of attributes differ, and what the kernel can do about it. */
export function compareAttributes<K extends PlainKindName>(
  kind: K,
  before: Attributes[K],
  after: Attributes[K],
): Comparison {
  const differs = isDeepStrictEqual(before, after) ? [] : differences(before, after);
  return { differs, change: differs.length === 0 ? 'same' : kindOf(kind).changeFor(differs) };
}

/** Dotted names of what differs between two plain values. */
function differences(before: object, after: object): string[] {
  const changes = atomizeChangeset(diff(before, after));
  return [...new Set(changes.map(({ path }) => path.replace(/^\$\./, '')))].sort();
}
