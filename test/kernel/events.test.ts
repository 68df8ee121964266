import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apply } from '../../src/apply/apply.js';
import { openEvents, type PacketEvent } from '../../src/kernel/events.js';
import { readMetrics } from '../../src/kernel/metrics.js';
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

  test('is an error where nothing is applied', () => {
    const nowhere = openInstance({ netns: 'plk-none', root: node.root });
    expect(() => openEvents(nowhere, () => undefined)).toThrow(/has no plumb_events/);
  });
});
