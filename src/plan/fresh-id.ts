import { createHash } from 'node:crypto';
import type { Pair } from './moves.js';

/** An id for the passage of a pair that is not taken, and then is: the same for the same pair and takers. */
export function freshId(what: string, { from, to }: Pair, taken: Set<number>): number {
  for (let salt = 0; ; salt++) {
    const hash = createHash('sha256').update(`${what} ${from} ${to} ${salt}`).digest();
    const id = hash.readUInt32BE(0);
    if (id === 0 || taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}
