import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CONFIG_EVENT_ALLOWED, CONFIG_EVENT_BYTES } from '../../src/state/layout.js';
import { COUNTER, EVENT_BYTES, type CounterName } from '../../src/state/layout-reports.js';
import { TestDatapath } from './datapath.js';
import { echo, tcp } from './packets.js';
import { AT, CLASS, story, VERSION } from './story.js';

const ALLOWED = tcp(AT.a, AT.b, [4000, 80]);
const DENIED = tcp(AT.a, AT.b, [4000, 81]);

async function counted(datapath: TestDatapath, name: CounterName): Promise<number> {
  const rows = await datapath.entries('plumb_counters');
  return Number(rows.find(({ key }) => key['index'] === COUNTER[name])!.value['count']);
}

describe('what a node asks its events to be', () => {
  let datapath: TestDatapath;
  beforeAll(async () => {
    datapath = await TestDatapath.open();
  });
  afterAll(async () => {
    await datapath.close();
  });

  test('without bytes unless it asks for them', async () => {
    await datapath.load(story);
    await datapath.run('from_endpoint', 'ep0', DENIED);
    expect(datapath.events().map((event) => event.bytes)).toEqual([undefined]);
  });

  test('with the whole of a short packet', async () => {
    await datapath.load({ ...story, flags: CONFIG_EVENT_BYTES });
    await datapath.run('from_endpoint', 'ep0', DENIED);
    const [event] = datapath.events();
    expect(event).toMatchObject({ length: DENIED.length, destinationPort: 81 });
    expect(Buffer.from(event!.bytes!)).toEqual(Buffer.from(DENIED));
  });

  test('with the first bytes of a long one', async () => {
    await datapath.load({ ...story, flags: CONFIG_EVENT_BYTES });
    const long = new Uint8Array(1000).fill(0xab);
    long.set(DENIED);
    await datapath.run('from_endpoint', 'ep0', long);
    const [event] = datapath.events();
    expect(event!.length).toBe(1000);
    expect(Buffer.from(event!.bytes!)).toEqual(Buffer.from(long.subarray(0, EVENT_BYTES)));
  });

  test('of allowed flows when they open, and not of their further packets', async () => {
    await datapath.load({ ...story, flags: CONFIG_EVENT_ALLOWED });
    for (let i = 0; i < 3; i++) await datapath.run('from_endpoint', 'ep0', ALLOWED);
    expect(datapath.events()).toMatchObject([
      { verdict: 'allow', reason: 'forwarded', destinationPort: 80, program: 'from_endpoint' },
    ]);
  });

  test('and again when they are judged again after a change', async () => {
    await datapath.load({ ...story, flags: CONFIG_EVENT_ALLOWED });
    await datapath.run('from_endpoint', 'ep0', ALLOWED);
    datapath.setEpoch(2, 0);
    await datapath.run('from_endpoint', 'ep0', ALLOWED);
    expect(datapath.events()).toHaveLength(2);
  });

  test('with the program that judged', async () => {
    await datapath.load(story);
    await datapath.run('to_endpoint', 'ep1', tcp(AT.inPrefix, AT.b, [4000, 80]));
    expect(datapath.events()).toMatchObject([{ program: 'to_endpoint', verdict: 'deny' }]);
  });
});

describe('what is counted besides packets', () => {
  let datapath: TestDatapath;
  beforeEach(async () => {
    datapath = await TestDatapath.open({ maxEntries: { plumb_events: 4096, plumb_metrics: 8 } });
    await datapath.load(story);
  });
  afterEach(async () => {
    await datapath.close();
  });

  test('events that the ring buffer has no room for', async () => {
    const packets = Array.from({ length: 100 }, () => ({ device: 'ep0', data: DENIED }));
    await datapath.runBatch('from_endpoint', packets);
    const lost = await counted(datapath, 'events-lost');
    expect(lost).toBeGreaterThan(0);
    expect(datapath.events().length + lost).toBe(100);
  });

  test('flows, once each, however many packets they have', async () => {
    for (const port of [4000, 4000, 4001]) {
      await datapath.run('from_endpoint', 'ep0', tcp(AT.a, AT.b, [port, 80]));
    }
    await datapath.run('to_endpoint', 'ep0', tcp(AT.b, AT.a, [80, 4000], 'SA'));
    expect(await counted(datapath, 'flows-opened')).toBe(2);
    expect(await datapath.entries('plumb_conntrack')).toHaveLength(2);
  });

  test('a flow whose time was over is no further entry', async () => {
    await datapath.run('from_endpoint', 'ep0', ALLOWED);
    await datapath.expireFlows();
    await datapath.run('from_endpoint', 'ep0', ALLOWED);
    expect(await counted(datapath, 'flows-opened')).toBe(1);
  });

  test('flows that a change of policy removes', async () => {
    await datapath.run('from_endpoint', 'ep0', ALLOWED);
    datapath.setEpoch(2, 1);
    await datapath.run('from_endpoint', 'ep0', tcp(AT.a, AT.b, [4000, 80], 'A'));
    expect(await counted(datapath, 'flows-removed')).toBe(1);
    expect(await datapath.entries('plumb_conntrack')).toEqual([]);
  });

  test('flows of which some are evicted: opened, less what is there', async () => {
    const full = await TestDatapath.open({ maxEntries: { plumb_conntrack: 512 } });
    try {
      await full.load(story);
      const packets = Array.from({ length: 4000 }, (_, i) => ({
        device: 'ep0',
        data: tcp(AT.a, AT.b, [1000 + i, 80]),
      }));
      await full.runBatch('from_endpoint', packets);
      expect(await counted(full, 'flows-opened')).toBe(4000);
      expect((await full.entries('plumb_conntrack')).length).toBeLessThanOrEqual(512);
    } finally {
      await full.close();
    }
  });

  test('a scan of closed ports as one row', async () => {
    for (let port = 100; port < 120; port++) {
      await datapath.run('to_endpoint', 'ep1', tcp(AT.inPrefix, AT.b, [4000, port]));
    }
    expect(await datapath.entries('plumb_metrics')).toMatchObject([
      { key: { protocol: 0, port: 0 }, value: { packets: 20n } },
    ]);
  });

  test('what each side said, and the packet once', async () => {
    await datapath.run('from_endpoint', 'ep0', ALLOWED);
    const rows = await datapath.entries('plumb_metrics');
    const port = { protocol: 6, port: 80, reason: 0 };
    expect(rows).toHaveLength(2);
    expect(rows).toContainEqual({
      key: { version: VERSION.a, class: CLASS.b, ...port, direction: 1, verdict: 0, pad: 0 },
      value: { packets: 1n, bytes: BigInt(ALLOWED.length) },
    });
    expect(rows).toContainEqual({
      key: { version: VERSION.b, class: CLASS.a, ...port, direction: 0, verdict: 2, pad: 0 },
      value: { packets: 1n, bytes: BigInt(ALLOWED.length) },
    });
  });

  test('every packet, also where there is no room for another port', async () => {
    await datapath.run('from_endpoint', 'ep0', echo(AT.a, AT.a, 1));
    for (let port = 100; port < 120; port++) {
      await datapath.run('from_endpoint', 'ep0', tcp(AT.a, AT.remote, [4000, port]));
    }
    const rows = await datapath.entries('plumb_metrics');
    const own = rows.filter(({ key }) => key['verdict'] !== 0);
    const packets = own.reduce((sum, { value }) => sum + Number(value['packets']), 0);
    const uncounted = await counted(datapath, 'packets-uncounted');
    expect(packets + uncounted).toBe(21);
    expect(uncounted).toBe(0);
  });
});
