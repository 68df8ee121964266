import { describe, expect, test } from 'vitest';
import { isAtLeast, probeKernel } from '../../src/kernel/probe.js';
import { settledInventory, steadyInventory } from './inventory.js';

describe('the probes', () => {
  test('find everything that the datapath needs on this kernel, and leave nothing behind', async () => {
    const before = await steadyInventory();
    const probes = await probeKernel();
    expect(probes.filter(({ ok }) => !ok)).toEqual([]);
    const features = probes.map(({ feature }) => feature);
    expect(features).toEqual(expect.arrayContaining(['tc shared blocks', 'TPROXY', 'HAProxy']));
    expect(await settledInventory(before)).toEqual(before);
  });

  test('compare versions as numbers', () => {
    expect(isAtLeast('6.18.4-generic', '6.6')).toBe(true);
    expect(isAtLeast('5.9.0', '5.10')).toBe(false);
    expect(isAtLeast('5.10', '5.10')).toBe(true);
    expect(isAtLeast('4.19.1', '5.9')).toBe(false);
  });
});
