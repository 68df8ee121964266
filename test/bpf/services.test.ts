import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SERVICE_MAGLEV } from '../../src/state/layout-services.js';
import { ACTION, TestDatapath } from './datapath.js';
import { bytes, echo, ETHERNET, icmp, packet, PROTOCOL, tcp, udp } from './packets.js';
import { AT, ref, story, TABLE, VERSION, withService } from './story.js';
import { serviceRows, type World, type WorldService } from './world.js';
import { endsOf } from './ends.js';

let datapath: TestDatapath;
beforeAll(async () => {
  datapath = await TestDatapath.open();
});
beforeEach(() => datapath.load(withService));
afterAll(() => datapath.close());

const send = (frame: Uint8Array, device = 'ep0') => datapath.run('from_endpoint', device, frame);
const replace = async (service: WorldService): Promise<void> => {
  for (const [map, rows] of Object.entries(serviceRows([service])))
    await datapath.write(map as 'plumb_services', rows);
};
const open: World = {
  ...withService,
  refs: ['a', 'b'].flatMap((name) => {
    const version = VERSION[name as 'a'];
    return [ref(version, 'egress', TABLE.open), ref(version, 'ingress', TABLE.open)];
  }),
};
const to = (port: number, back: string, rest: Partial<WorldService> = {}): WorldService => ({
  address: AT.vip,
  port,
  backends: [{ address: back, port }],
  ...rest,
});

/** Of somebody outside, until a service takes it. */
const LATE = AT.inPrefix;

describe('a packet to a service', () => {
  test.each([
    [AT.a, AT.vip, AT.b],
    [AT.a6, AT.vip6, AT.b6],
  ])('from %s to %s reaches the back-end %s', async (a, vip, b) => {
    const { action, data } = await send(tcp(a, vip, [4000, 80]));
    expect(action).toBe(ACTION.redirect);
    expect(endsOf(data)).toMatchObject({ source: a, destination: b, ports: [4000, 80] });
  });

  test('is judged by the back-end and its port', async () => {
    expect(await send(tcp(AT.a, AT.vip, [4000, 443]))).toMatchObject({ action: ACTION.drop });
    expect(datapath.events()).toMatchObject([
      { reason: 'policy-default-deny', destination: AT.b, destinationPort: 81 },
    ]);
    expect(await datapath.entries('plumb_conntrack')).toEqual([]);
  });

  test('gets replies from the service', async () => {
    await send(tcp(AT.a, AT.vip, [4000, 80]));
    const { action, data } = await send(tcp(AT.b, AT.a, [80, 4000], 'SA'), 'ep1');
    expect(action).toBe(ACTION.redirect);
    expect(endsOf(data)).toMatchObject({ source: AT.vip, destination: AT.a, ports: [80, 4000] });
  });

  test('gets replies from a back-end behind the stack too', async () => {
    await replace(to(80, AT.remote));
    const out = await send(tcp(AT.a, AT.vip, [4000, 80]));
    expect(out.action).toBe(ACTION.ok);
    expect(endsOf(out.data)).toMatchObject({ destination: AT.remote });
    const back = await datapath.run('to_endpoint', 'ep0', tcp(AT.remote, AT.a, [80, 4000], 'SA'));
    expect(back.action).toBe(ACTION.ok);
    expect(endsOf(back.data)).toMatchObject({ source: AT.vip, ports: [80, 4000] });
  });

  test('stays with its back-end after a change, and moves with the next connection', async () => {
    await datapath.load(open);
    await send(tcp(AT.a, AT.vip, [4000, 80]));
    await replace(to(80, AT.remote, { set: 9 }));
    datapath.setEpoch(2, 0);
    const same = await send(tcp(AT.a, AT.vip, [4000, 80], 'A'));
    expect(endsOf(same.data)).toMatchObject({ destination: AT.b });
    const next = await send(tcp(AT.a, AT.vip, [4001, 80]));
    expect(endsOf(next.data)).toMatchObject({ destination: AT.remote });
  });

  test('moves without a connection when its back-end is no longer one', async () => {
    await datapath.load(open);
    const protocol = PROTOCOL.udp;
    const where = async () => endsOf((await send(udp(AT.a, AT.vip, [4000, 53]))).data).destination;
    await replace(to(53, AT.b, { protocol, set: 7 }));
    expect(await where()).toBe(AT.b);
    await replace(to(53, AT.remote, { protocol, set: 8, draining: [{ address: AT.b, port: 53 }] }));
    datapath.setEpoch(2, 0);
    expect(await where()).toBe(AT.b);
    await replace(to(53, AT.remote, { protocol, set: 9 }));
    datapath.setEpoch(3, 0);
    expect(await where()).toBe(AT.remote);
  });

  test('of a flow that was there before the service goes to it, but not of a connection', async () => {
    await datapath.load(open);
    const [protocol, port] = [PROTOCOL.udp, 53];
    const ask = (flags?: string) => tcp(AT.a, LATE, [4000, 80], flags);
    expect(endsOf((await send(udp(AT.a, LATE, [4000, port]))).data).destination).toBe(LATE);
    expect(endsOf((await send(ask())).data).destination).toBe(LATE);
    await replace({ ...to(port, AT.b, { protocol, set: 7 }), address: LATE });
    await replace({ ...to(80, AT.b, { set: 8 }), address: LATE });
    datapath.setEpoch(2, 0);
    const { data } = await send(udp(AT.a, LATE, [4000, port]));
    expect(endsOf(data).destination).toBe(AT.b);
    const back = await send(udp(AT.b, AT.a, [port, 4000]), 'ep1');
    expect(endsOf(back.data)).toMatchObject({ source: LATE, destination: AT.a });
    expect(endsOf((await send(ask('A'))).data).destination).toBe(LATE);
    // Another try to open the same one, after one more change.
    datapath.setEpoch(3, 0);
    expect(endsOf((await send(ask())).data).destination).toBe(AT.b);
  });

  test('is nobody’s when the service is gone, also of a flow that was to it', async () => {
    await datapath.load(open);
    const frame = udp(AT.a, LATE, [4000, 53]);
    const service = { ...to(53, AT.b, { protocol: PROTOCOL.udp, set: 7 }), address: LATE };
    await replace(service);
    expect(endsOf((await send(frame)).data).destination).toBe(AT.b);
    await datapath.clear('plumb_services');
    datapath.setEpoch(2, 0);
    for (let i = 0; i < 3; i++) expect(endsOf((await send(frame)).data).destination).toBe(LATE);
  });

  test('to itself sees the service as its client', async () => {
    await replace(to(80, AT.a, { set: 7 }));
    const out = await send(tcp(AT.a, AT.vip, [4000, 80]));
    expect(out.action).toBe(ACTION.redirect);
    expect(endsOf(out.data)).toMatchObject({ source: AT.vip, destination: AT.a });
    const back = await send(tcp(AT.a, AT.vip, [80, 4000], 'SA'));
    expect(back.action).toBe(ACTION.redirect);
    expect(endsOf(back.data)).toEqual({ source: AT.vip, destination: AT.a, ports: [80, 4000] });
  });
});

describe('a back-end', () => {
  const two = [AT.b, AT.remote].map((address) => ({ address, port: 80 }));
  const drawn = async (source: string, count: number, from = 5000): Promise<Set<string>> => {
    const seen = new Set<string>();
    for (let port = from; port < from + count; port++)
      seen.add(endsOf((await send(tcp(source, AT.vip, [port, 80]))).data).destination);
    return seen;
  };

  test('is drawn anew for each connection', async () => {
    await replace({ address: AT.vip, port: 80, backends: two, set: 7 });
    expect(await drawn(AT.a, 40)).toEqual(new Set([AT.b, AT.remote]));
  });

  test('is the same for a client as long as affinity lasts and it is one', async () => {
    const service = { address: AT.vip, port: 80, backends: two, set: 7, affinity: 100 };
    await replace(service);
    const [first, ...others] = await drawn(AT.a, 40);
    expect(others).toEqual([]);
    const backends = two.filter(({ address }) => address !== first);
    await replace({ ...service, backends, set: 8 });
    expect([...(await drawn(AT.a, 5, 6000))]).toEqual(backends.map(({ address }) => address));
  });

  test('is the same for the same ends of a connection on every node with Maglev', async () => {
    await replace({ address: AT.vip, port: 80, backends: two, set: 7, flags: SERVICE_MAGLEV });
    const places: string[] = [];
    for (let i = 0; i < 2; i++) {
      for (let port = 5000; port < 5020; port++)
        places.push(endsOf((await send(tcp(AT.a, AT.vip, [port, 80]))).data).destination);
      for (const map of ['plumb_conntrack'] as const) await datapath.clear(map);
    }
    expect(places.slice(0, 20)).toEqual(places.slice(20));
    expect(new Set(places).size).toBe(2);
  });
});

describe('an ICMP error about a packet to a service', () => {
  test('looks as if the service had sent it, and carries the packet as the client sent it', async () => {
    await datapath.load(open);
    await replace(to(53, AT.b, { protocol: PROTOCOL.udp, set: 7 }));
    const { data } = await send(udp(AT.a, AT.vip, [4000, 53]));
    const inner = bytes(data.subarray(ETHERNET));
    const error = packet({
      source: AT.b,
      destination: AT.a,
      protocol: PROTOCOL.icmp,
      body: bytes([3, 3, 0, 0, 0, 0, 0, 0], inner),
    });
    const back = await send(error, 'ep1');
    expect(back.action).toBe(ACTION.redirect);
    expect(endsOf(back.data)).toMatchObject({ source: AT.vip, destination: AT.a });
    const carried = bytes(error.subarray(0, ETHERNET), back.data.subarray(ETHERNET + 20 + 8));
    expect(endsOf(carried)).toEqual({ source: AT.a, destination: AT.vip, ports: [4000, 53] });
  });
});

test('without a service a packet is what it was', async () => {
  await datapath.load(story);
  const frame = echo(AT.a, AT.b, 1);
  expect(endsOf((await send(frame)).data)).toMatchObject({ source: AT.a, destination: AT.b });
  expect(icmp(AT.a, AT.b, { type: 8 })).toHaveLength(frame.length);
});
