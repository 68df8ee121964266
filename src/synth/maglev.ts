import { createHash } from 'node:crypto';

/** Primes, as the algorithm needs; a table has at least this many slots for each unit of weight. */
const SIZES = [251, 1021, 4093, 16_381, 65_521] as const;
const SLOTS_A_UNIT = 10;

/**
 * Maglev's table (Eisenbud et al., NSDI 2016, section 3.4): each name gets its share of the slots, and
 * when names come or go few other slots change. The same names and weights give the same table,
 * whatever their order. Weights are whole numbers; 0 gets no slot.
 */
export function maglevTable(weights: ReadonlyMap<string, number>): string[] {
  const names = [...weights]
    .filter(([, weight]) => weight > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (names.length === 0) return [];
  const total = names.reduce((sum, [, weight]) => sum + weight, 0);
  const size = SIZES.find((one) => one >= total * SLOTS_A_UNIT) ?? SIZES[SIZES.length - 1] ?? 251;
  const walkers = names.map(([name, weight]) => ({ name, weight, ...permutation(name, size) }));
  const table = new Array<string | undefined>(size);
  for (let filled = 0; filled < size;) {
    for (const walker of walkers) {
      for (let turn = 0; turn < walker.weight && filled < size; turn++, filled++) {
        table[next(walker, table, size)] = walker.name;
      }
    }
  }
  return table.map((name) => name ?? '');
}

interface Walker {
  at: number;
  readonly skip: number;
}

function permutation(name: string, size: number): Walker {
  const hash = createHash('sha256').update(name).digest();
  return { at: hash.readUInt32BE(0) % size, skip: (hash.readUInt32BE(4) % (size - 1)) + 1 };
}

/** The next slot in a walker's order that nobody has. */
function next(walker: Walker, table: readonly (string | undefined)[], size: number): number {
  for (;;) {
    const slot = walker.at;
    walker.at = (walker.at + walker.skip) % size;
    if (table[slot] === undefined) return slot;
  }
}
