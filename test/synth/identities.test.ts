import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateIdentities, EMPTY_LOCK } from '../../src/synth/identities.js';
import { deviceName, macAddress } from '../../src/synth/names.js';
import type { EndpointSpec, Labels } from '../../src/model/program.js';

function endpoint(labels: Labels): EndpointSpec {
  return {
    origin: { path: 'node/x' },
    name: 'x',
    node: 'node',
    labels,
    addresses: ['10.0.0.1'],
    netns: 'x',
  };
}

const labels = fc.dictionary(
  fc.constantFrom('app', 'org', 'tier', 'env'),
  fc.constantFrom('a', 'b', 'c', 'd'),
);
const sets = fc.array(labels, { maxLength: 12 });

describe('identity allocation', () => {
  it('keeps every recorded number when the program grows or shrinks', () => {
    fc.assert(
      fc.property(sets, sets, (first, second) => {
        const a = allocateIdentities(first.map(endpoint));
        const b = allocateIdentities(second.map(endpoint), a.lock);
        for (const [key, id] of Object.entries(b.lock.identities)) {
          const before = a.lock.identities[key];
          if (before === undefined) expect(id).toBeGreaterThanOrEqual(a.lock.next);
          else expect(id).toBe(before);
        }
      }),
    );
  });

  it('gives the same numbers whatever the order of the endpoints', () => {
    fc.assert(
      fc.property(sets, (some) => {
        const forward = allocateIdentities(some.map(endpoint));
        const backward = allocateIdentities([...some].reverse().map(endpoint));
        expect(backward.lock).toEqual(forward.lock);
      }),
    );
  });

  it('gives equal labels one number and starts at 256', () => {
    const { lock } = allocateIdentities([
      endpoint({ a: '1', b: '2' }),
      endpoint({ b: '2', a: '1' }),
    ]);
    expect(lock).toEqual({ version: 1, next: 257, identities: { 'a=1,b=2': 256 } });
  });

  it('refuses with a code when the range is used up', () => {
    expect(() =>
      allocateIdentities([endpoint({ a: '1' })], { ...EMPTY_LOCK, next: 65_536 }),
    ).toThrow(expect.objectContaining({ code: 'PLB_IDENTITIES_EXHAUSTED' }));
  });
});

describe('device names', () => {
  it('never exceed what the kernel holds and stay apart for long names', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/), (name) => {
        expect(deviceName(name).length).toBeLessThanOrEqual(15);
      }),
    );
    expect(deviceName('a-very-long-endpoint-1')).not.toBe(deviceName('a-very-long-endpoint-2'));
  });

  it('come with locally administered unicast MACs that differ by end', () => {
    const mac = macAddress('n', 'e', 'host');
    expect(Number.parseInt(mac.slice(0, 2), 16) & 3).toBe(2);
    expect(mac).not.toBe(macAddress('n', 'e', 'endpoint'));
  });
});
