import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMetrics } from '../../src/kernel/metrics.js';
import { KernelNode } from '../kernel/node.js';
import { TrafficAgent, type Counts, type LoadKind } from '../traffic/agent.js';
import { turnTo } from './turn.js';

/** `PLUMB_APPLIES=1000` for the whole of it. */
const APPLIES = Number(process.env['PLUMB_APPLIES'] ?? 60);
/** Milliseconds between two questions of one load. */
const INTERVAL = 5;

/** Why packets may be dropped here: policy, and what interfaces send by themselves, also new ones. */
const EXPECTED = new Set<string>([
  'forwarded',
  'policy-default-deny',
  'unsupported-multicast',
  'neighbor-query',
  'no-device',
]);

let node: KernelNode;
const agents = new Map<string, TrafficAgent>();

beforeAll(async () => {
  node = new KernelNode('plk-busy');
  await turnTo(node.name, node.instance, 0);
  for (const name of ['client', 'stranger', 'one', 'two'])
    agents.set(name, await TrafficAgent.open(`${node.name}-${name}`));
  for (const name of ['one', 'two']) {
    for (const port of [80, 81, 8080]) await agents.get(name)!.serve('tcp', port, name);
    for (const port of [53, 81, 5353]) await agents.get(name)!.serve('udp', port, name);
  }
});

afterAll(() => {
  for (const agent of agents.values()) agent.close();
  node.dispose();
});

test(
  `${String(APPLIES)} applies lose no packet that is allowed, and deliver none that is denied`,
  { timeout: 60_000 + APPLIES * 1000 },
  async () => {
    const load = (from: string, kind: LoadKind, address: string, port: number) =>
      agents.get(from)!.load(kind, address, port, INTERVAL);
    const allowed = await Promise.all([
      load('client', 'datagrams', '10.7.0.21', 53),
      load('client', 'datagrams', 'fd07::22', 53),
      load('client', 'datagrams', '10.96.7.1', 53),
      load('client', 'connections', '10.7.0.21', 80),
      load('client', 'connections', '10.96.7.1', 80),
      load('client', 'connections', 'fd96:7::1', 80),
      load('client', 'dialogue', 'fd07::21', 80),
      load('client', 'dialogue', '10.96.7.1', 80),
    ]);
    const denied = await Promise.all([
      load('client', 'datagrams', '10.7.0.21', 81),
      load('stranger', 'connections', 'fd07::22', 81),
      load('stranger', 'datagrams', '10.7.0.21', 53),
      load('stranger', 'datagrams', 'fd96:7::1', 53),
      load('stranger', 'connections', '10.7.0.22', 80),
    ]);
    for (let turn = 1; turn <= APPLIES; turn++) await turnTo(node.name, node.instance, turn);
    const ended = await Promise.all(allowed.map((stop) => stop()));
    const refused = await Promise.all(denied.map((stop) => stop()));

    expect(ended.map(({ sent, answered }) => sent - answered)).toEqual(ended.map(() => 0));
    expect(ended.every(({ sent }) => sent > APPLIES)).toBe(true);
    // Nothing was dropped for want of a row that was on its way.
    const reasons = new Set((await readMetrics(node.instance)).map(({ reason }) => reason));
    expect([...reasons].filter((reason) => !EXPECTED.has(reason))).toEqual([]);
    expect(refused.map(({ answered }: Counts) => answered)).toEqual(refused.map(() => 0));
    expect(refused.every(({ sent }) => sent > APPLIES)).toBe(true);
    for (const name of ['one', 'two']) expect(await agents.get(name)!.heard(81)).toBe(0);
    // The stranger's connections are sent again and again; nobody else has to.
    for (const name of ['client', 'one', 'two'])
      expect(await agents.get(name)!.retransmitted(), `by ${name}`).toBe(0);
  },
);
