import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maglevTable } from '../../src/synth/maglev.js';

const names = fc.uniqueArray(fc.ipV4(), { minLength: 1, maxLength: 12 });
const equal = (list: readonly string[]) => new Map(list.map((name) => [name, 1]));
const shares = (table: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const name of table) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

describe('the table of Maglev', () => {
  test('is the same whatever the order of the back-ends', () => {
    fc.assert(
      fc.property(names, (list) => {
        expect(maglevTable(equal([...list].reverse()))).toEqual(maglevTable(equal(list)));
      }),
    );
  });

  test('gives back-ends of one weight shares that differ by at most one slot', () => {
    fc.assert(
      fc.property(names, (list) => {
        const counts = [...shares(maglevTable(equal(list))).values()];
        expect(counts).toHaveLength(list.length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('gives a back-end of three times the weight about three times the slots', () => {
    const counts = shares(maglevTable(new Map([...equal(['a', 'b']), ['c', 3]])));
    expect((counts.get('c') ?? 0) / (counts.get('a') ?? 1)).toBeCloseTo(3, 0);
  });

  test('moves few slots of the others when one of ten back-ends goes', () => {
    const ten = Array.from({ length: 10 }, (_, i) => `10.0.0.${String(i)}`);
    const [before, after] = [maglevTable(equal(ten)), maglevTable(equal(ten.slice(1)))];
    const moved = before.filter((name, slot) => name !== ten[0] && name !== after[slot]);
    expect(moved.length / before.length).toBeLessThan(0.2);
  });

  test('has no slots without a back-end that takes connections', () => {
    expect(maglevTable(new Map([['a', 0]]))).toEqual([]);
  });
});
