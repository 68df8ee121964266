import { BpfMap } from 'libbpf-napi';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { REASONS, type Reason } from '../../src/state/layout.js';
import { keySize, valueSize } from '../../src/state/struct.js';
import { ACTION, TestDatapath } from './datapath.js';
import { drops } from './drop-cases.js';
import { tcp } from './packets.js';
import { AT, story } from './story.js';

/** What every interface does by itself: counted, not told. */
const noise: readonly Reason[] = [
  'unsupported-ethertype',
  'unsupported-multicast',
  'neighbor-query',
];

/** Reasons that a dropped packet was really told or counted by. */
const met = new Set<Reason>();

describe('a packet is dropped', () => {
  let datapath: TestDatapath;
  beforeAll(async () => {
    datapath = await TestDatapath.open();
  });
  afterAll(async () => {
    await datapath.close();
  });

  test.each(drops)('$reason: $what', async (drop) => {
    const { reason, frame, program, device, world, flows = 0 } = drop;
    await datapath.load(world ?? story);
    const { action } = await datapath.run(program ?? 'from_endpoint', device ?? 'ep0', frame);
    expect(action).toBe(ACTION.drop);
    const events = datapath.events();
    expect(events.map((event) => event.reason)).toEqual(noise.includes(reason) ? [] : [reason]);
    const rows = await datapath.entries('plumb_metrics');
    expect(rows.filter(({ key }) => key['verdict'] !== 0)).toMatchObject([
      { key: { reason: REASONS[reason], verdict: 1 }, value: { packets: 1n } },
    ]);
    expect(await datapath.entries('plumb_conntrack')).toHaveLength(flows);
    met.add(reason);
  });
});

describe('when no flow can be remembered', () => {
  let datapath: TestDatapath;
  let flows: BpfMap;
  beforeAll(async () => {
    // Unlike the object's own map this one does not make room.
    flows = BpfMap.create({
      type: 'hash',
      name: 'plumb_conntrack',
      keySize: keySize('plumb_conntrack'),
      valueSize: valueSize('plumb_conntrack'),
      maxEntries: 1,
    });
    datapath = await TestDatapath.open({ reuseMaps: { plumb_conntrack: flows } });
  });
  beforeEach(() => datapath.load(story));
  afterAll(async () => {
    await datapath.close();
    flows.close();
  });

  test('an allowed packet is dropped: conntrack-full', async () => {
    const send = (port: number): Promise<{ action: number }> =>
      datapath.run('from_endpoint', 'ep0', tcp(AT.a, AT.b, [port, 80]));
    expect(await send(4000)).toMatchObject({ action: ACTION.redirect });
    expect(await send(4001)).toMatchObject({ action: ACTION.drop });
    expect(datapath.events()).toMatchObject([{ reason: 'conntrack-full', sourcePort: 4001 }]);
    met.add('conntrack-full');
  });
});

test('every reason there is has dropped a packet above', () => {
  const reasons = (Object.keys(REASONS) as Reason[]).filter((reason) => reason !== 'forwarded');
  expect([...met].sort()).toEqual(reasons.sort());
});
