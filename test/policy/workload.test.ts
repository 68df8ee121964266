import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../src/policy/compile.js';
import { expandedEntries, refCount, singletons, workloadW } from './workload-w.js';

describe('workload W', () => {
  it.each([
    [1_000, 100, 12_000],
    [10_000, 1_000, 300_000],
    [50_000, 1_000, 1_500_000],
  ])('of %d identities and %d rules stands for %d entries', (identities, rules, entries) => {
    expect(expandedEntries(compilePolicy(workloadW(identities, rules)))).toBe(entries);
  });

  it('of 50,000 identities and 1,000 rules is some 2,900 refs to few tables of 101 classes', () => {
    const compiled = compilePolicy(workloadW(50_000, 1_000));
    expect(refCount(compiled)).toBeGreaterThan(2_500);
    expect(refCount(compiled)).toBeLessThan(3_300);
    expect(compiled.tables.size).toBeLessThanOrEqual(6);
    expect(new Set(compiled.classes.values()).size).toBe(101);
  });

  it('as its worst case never keeps more than 1.2 entries for one of a map by identity', () => {
    const compiled = compilePolicy(singletons(2_000));
    expect(new Set(compiled.classes.values()).size).toBe(2_001);
    const tableEntries = [...compiled.tables.values()].flat().length;
    expect(refCount(compiled) + tableEntries).toBeLessThan(1.2 * 2_000);
  });
});
