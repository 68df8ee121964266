import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Ids } from '../../src/policy/ids.js';

describe('ids', () => {
  it('are the first 32 bits of the SHA-256 of what they name', () => {
    const hash = createHash('sha256').update('some content').digest().readUInt32BE(0);
    const ids = new Ids();
    expect([ids.of('some content'), ids.of('some content'), ids.salted]).toEqual([
      hash,
      hash,
      false,
    ]);
  });

  it('differ for contents whose hashes meet, each staying with its own, and say so', () => {
    const ids = new Ids((hash) => hash & 3);
    const names = ['a', 'b', 'c'];
    const first = names.map((name) => ids.of(name));
    expect(new Set(first)).toEqual(new Set([1, 2, 3]));
    expect(names.map((name) => ids.of(name))).toEqual(first);
    expect(ids.salted).toBe(true);
  });

  it('are never 0', () => {
    let calls = 0;
    const ids = new Ids(() => (calls++ === 0 ? 0 : 7));
    expect(ids.of('x')).toBe(7);
  });
});
