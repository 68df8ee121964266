import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LISTENER_EGRESS } from '../../src/state/layout.js';
import { ACTION, TestDatapath, type ProgramName } from './datapath.js';
import { tcp } from './packets.js';
import { AT, ref, story, TABLE, VERSION } from './story.js';
import type { World } from './world.js';

const EGRESS = 7;
const INGRESS = 8;
/** A client, and the proxy in its name for both filters, chose the same port. */
const THERE = [4000, 80] as const;
const BACK = [80, 4000] as const;

const filtered: World = {
  ...story,
  proxyEgress: 'ep2',
  proxyIngress: 'ep3',
  refs: [
    ...[VERSION.a, VERSION.newA].map((version) => ref(version, 'egress', 20)),
    ref(VERSION.b, 'ingress', 21),
    ref(VERSION.newB, 'ingress', TABLE.open),
  ],
  tables: [
    { table: TABLE.open, verdict: 'allow' },
    { table: 20, verdict: 'redirect', listener: EGRESS },
    { table: 21, verdict: 'redirect', listener: INGRESS },
  ],
};

describe('a connection that both sides filter', () => {
  let datapath: TestDatapath;
  beforeAll(async () => {
    datapath = await TestDatapath.open({ devices: 4 });
    await datapath.listen(EGRESS, INGRESS);
  });
  afterAll(async () => {
    await datapath.close();
  });
  beforeEach(async () => {
    await datapath.load(filtered);
  });

  const send = async (
    program: ProgramName,
    device: string,
    [from, to]: readonly [string, string],
    ports: readonly [number, number],
    flags: string,
  ): Promise<number> => (await datapath.run(program, device, tcp(from, to, ports, flags))).action;

  /** Whether each flow has been answered, by who opened it: client, egress filter, ingress filter. */
  const answered = async (): Promise<boolean[]> => {
    const flows = await datapath.entries('plumb_conntrack');
    const sorted = flows.sort((a, b) => Number(a.key['opener']) - Number(b.key['opener']));
    expect(sorted.map(({ key }) => key['opener'])).toEqual([0, 1, 2]);
    return sorted.map(({ value }) => (Number(value['state']) & 1) === 1);
  };

  const open = async (): Promise<void> => {
    const there = [AT.a, AT.b] as const;
    for (const [program, device] of [
      ['from_endpoint', 'ep0'],
      ['from_egress_proxy', 'ep2'],
      ['from_ingress_proxy', 'ep3'],
    ] as const) {
      expect(await send(program, device, there, THERE, 'S')).toBe(ACTION.redirect);
    }
  };

  test('is a flow for each that opens it, even from one port', async () => {
    await open();
    const flows = await datapath.entries('plumb_conntrack');
    const byOpener = new Map(flows.map(({ key, value }) => [key['opener'], value['listener']]));
    expect(Object.fromEntries(byOpener)).toEqual({
      0: EGRESS + LISTENER_EGRESS,
      1: INGRESS,
      2: 0,
    });
  });

  test('has each answer go to who asked it', async () => {
    await open();
    const back = [AT.b, AT.a] as const;
    expect(await answered()).toEqual([false, false, false]);
    expect(await send('from_endpoint', 'ep1', back, BACK, 'SA')).toBe(ACTION.redirect);
    expect(await answered()).toEqual([false, false, true]);
    expect(await send('from_ingress_proxy', 'ep3', back, BACK, 'SA')).toBe(ACTION.redirect);
    expect(await answered()).toEqual([false, true, true]);
    expect(await send('from_egress_proxy', 'ep2', back, BACK, 'SA')).toBe(ACTION.redirect);
    expect(await answered()).toEqual([true, true, true]);
    expect(datapath.events()).toEqual([]);
  });

  test('that only one side filters by now hears what answers it, not the one before', async () => {
    await open();
    for (const flags of ['SA', 'FA']) {
      expect(await send('from_endpoint', 'ep1', [AT.b, AT.a], BACK, flags)).toBe(ACTION.redirect);
    }
    datapath.setEpoch(2, 1);
    const there = [AT.a, AT.b] as const;
    expect(await send('from_egress_proxy', 'ep2', there, THERE, 'S')).toBe(ACTION.redirect);
    expect(await send('from_endpoint', 'ep1', [AT.b, AT.a], BACK, 'SA')).toBe(ACTION.redirect);
    const flows = await datapath.entries('plumb_conntrack');
    const states = flows.map(({ key, value }) => [key['opener'], Number(value['state']) & 1]);
    expect(Object.fromEntries(states)).toEqual({ 0: 0, 1: 1 });
  });

  test('hears nothing from a server that goes past its filter', async () => {
    expect(await send('from_endpoint', 'ep0', [AT.a, AT.b], THERE, 'S')).toBe(ACTION.redirect);
    expect(await send('from_endpoint', 'ep1', [AT.b, AT.a], BACK, 'SA')).toBe(ACTION.drop);
    expect(datapath.events().map(({ reason }) => reason)).toEqual(['proxy-unavailable']);
  });

  test('is not led on where there is no way to the next filter', async () => {
    await datapath.load({ ...filtered, proxyIngress: '' });
    expect(await send('from_endpoint', 'ep0', [AT.a, AT.b], THERE, 'S')).toBe(ACTION.redirect);
    expect(await send('from_egress_proxy', 'ep2', [AT.a, AT.b], THERE, 'S')).toBe(ACTION.drop);
    expect(datapath.events().map(({ reason }) => reason)).toEqual(['proxy-unavailable']);
  });

  test('that may not be any more is cut off, but for the reset that tells its client', async () => {
    const refs = [
      ref(VERSION.a, 'egress', TABLE.open),
      ref(VERSION.newA, 'egress', TABLE.open),
      ref(VERSION.b, 'ingress', 21),
      ref(VERSION.newB, 'ingress', TABLE.shut),
    ];
    await datapath.load({ ...filtered, refs });
    const ask = (flags: string) => send('from_endpoint', 'ep0', [AT.a, AT.b], THERE, flags);
    const answer = (flags: string) => send('from_ingress_proxy', 'ep3', [AT.b, AT.a], BACK, flags);
    expect([await ask('S'), await answer('SA'), await ask('A')]).toEqual(
      Array(3).fill(ACTION.redirect),
    );
    datapath.setEpoch(2, 1);
    expect([await ask('A'), await answer('A'), await answer('FA')]).toEqual(
      Array(3).fill(ACTION.drop),
    );
    // Nobody but the proxy, nor the proxy to anybody else.
    expect(await send('from_endpoint', 'ep1', [AT.b, AT.a], BACK, 'RA')).toBe(ACTION.drop);
    expect(await send('from_egress_proxy', 'ep2', [AT.b, AT.a], BACK, 'RA')).toBe(ACTION.drop);
    expect(await send('from_ingress_proxy', 'ep3', [AT.a, AT.b], THERE, 'RA')).toBe(ACTION.drop);
    expect(await answer('RA')).toBe(ACTION.redirect);
    expect(await datapath.entries('plumb_conntrack')).toEqual([]);
    expect(await answer('RA')).toBe(ACTION.drop);
  });
});
