import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apply } from '../../src/apply/apply.js';
import { openEvents, type PacketEvent } from '../../src/kernel/events.js';
import { FOLDED_CLASS, foldMetrics } from '../../src/kernel/fold-metrics.js';
import { readMetrics, type Metric } from '../../src/kernel/metrics.js';
import { openInstance } from '../../src/kernel/instance.js';
import { plan } from '../../src/plan/make-plan.js';
import { ADDRESS, desiredState } from './desired.js';
import { KernelNode } from './node.js';

const ICMP = 1;
const ECHO_REQUEST = 8 << 8;

let node: KernelNode;
beforeAll(async () => {
  node = new KernelNode('plk-events');
  const desired = desiredState(node.name, { version: 0x0202, verdict: 'deny' });
  await apply(plan(desired, await node.read()), node.instance);
});
afterAll(() => {
  node.dispose();
});

describe('what the datapath reports', () => {
  test('a drop arrives as an event with who, where and why', () => {
    const events: PacketEvent[] = [];
    const stream = openEvents(node.instance, (event) => events.push(event));
    try {
      expect(node.pings(`${node.name}-a`, ADDRESS.b)).toBe(false);
      stream.drain();
    } finally {
      stream.close();
    }
    expect(events.find(({ source }) => source === ADDRESS.a)).toMatchObject({
      verdict: 'deny',
      destination: ADDRESS.b,
      destinationPort: ECHO_REQUEST,
      protocol: ICMP,
      direction: 'egress',
      sourceIdentity: 256,
      version: 0x0202,
    });
  });

  test('and is counted', async () => {
    node.pings(`${node.name}-a`, ADDRESS.b);
    const metrics = await readMetrics(node.instance);
    const drops = metrics.filter((m) => m.verdict === 'deny' && m.version === 0x0202);
    expect(drops.reduce((sum, { packets }) => sum + packets, 0n)).toBeGreaterThan(0n);
  });

  test('stays counted, in one row, when its version is gone', async () => {
    const sum = (metrics: readonly Metric[]): bigint =>
      metrics.reduce((total, { packets }) => total + packets, 0n);
    const before = await readMetrics(node.instance);
    expect(before.some(({ version }) => version === 0x0202)).toBe(true);
    expect(await foldMetrics(node.instance)).toBe(0);
    const next = desiredState(node.name, { version: 0x0303, verdict: 'deny' });
    await apply(plan(next, await node.read()), node.instance);
    // The policy before is kept for undo until the next change.
    const last = desiredState(node.name, { version: 0x0404, verdict: 'deny' });
    await apply(plan(last, await node.read()), node.instance);
    const after = await readMetrics(node.instance);
    expect(after.some(({ version }) => version === 0x0202)).toBe(false);
    expect(after.find((m) => m.class === FOLDED_CLASS)).toMatchObject({
      version: 0,
      verdict: 'deny',
    });
    expect(sum(after)).toBeGreaterThanOrEqual(sum(before));
    expect(await foldMetrics(node.instance)).toBe(0);
  });

  test('is an error where nothing is applied', () => {
    const nowhere = openInstance({ netns: 'plk-none', root: node.root });
    expect(() => openEvents(nowhere, () => undefined)).toThrow(/has no plumb_events/);
  });
});
