import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACTION, TestDatapath } from './datapath.js';
import { echo, icmp, packet, PROTOCOL, tcp, udp } from './packets.js';
import { AT, ref, story, TABLE, VERSION } from './story.js';
import type { World } from './world.js';

/** The story with names in the DNS to be had of B. */
const withDns: World = {
  ...story,
  tables: [
    ...story.tables!,
    { table: TABLE.web, protocol: PROTOCOL.udp, port: 53, verdict: 'allow' },
  ],
};

let datapath: TestDatapath;
beforeAll(async () => {
  datapath = await TestDatapath.open();
});
beforeEach(() => datapath.load(withDns));
afterAll(() => datapath.close());

const fromA = async (frame: Uint8Array): Promise<number> =>
  (await datapath.run('from_endpoint', 'ep0', frame)).action;
const fromB = async (frame: Uint8Array): Promise<number> =>
  (await datapath.run('from_endpoint', 'ep1', frame)).action;
const toB = async (frame: Uint8Array): Promise<number> =>
  (await datapath.run('to_endpoint', 'ep1', frame)).action;

/** Seconds that each flow still has, and its fields. */
async function flows(): Promise<readonly { left: number; fromB: unknown; epoch: unknown }[]> {
  const now = Number(process.hrtime.bigint() / 1_000_000_000n);
  const entries = await datapath.entries('plumb_conntrack');
  return entries.map(({ value }) => ({
    left: Number(value['expires']) - now,
    fromB: value['fromB'],
    epoch: value['epoch'],
  }));
}

async function left(): Promise<number> {
  const all = await flows();
  expect(all).toHaveLength(1);
  return all[0]!.left;
}

const around = (seconds: number): unknown =>
  expect.toSatisfy((n: number) => Math.abs(n - seconds) <= 2, `about ${seconds}`);

const PORTS = [4000, 80] as const;
const BACK = [80, 4000] as const;
const DNS = [4000, 53] as const;
const DNS_BACK = [53, 4000] as const;
const allAllowed: World = {
  ...story,
  refs: [
    ...[VERSION.a, VERSION.b].flatMap((version) => [
      ref(version, 'egress', TABLE.open),
      ref(version, 'ingress', TABLE.open),
    ]),
    ...[VERSION.newA, VERSION.newB].flatMap((version) => [
      ref(version, 'egress', TABLE.shut),
      ref(version, 'ingress', TABLE.shut),
    ]),
  ],
};

const sorts = [
  { sort: 'TCP', open: tcp(AT.a, AT.b, PORTS), reply: tcp(AT.b, AT.a, BACK, 'SA') },
  { sort: 'TCP over IPv6', open: tcp(AT.a6, AT.b6, PORTS), reply: tcp(AT.b6, AT.a6, BACK, 'SA') },
  { sort: 'UDP', open: udp(AT.a, AT.b, DNS), reply: udp(AT.b, AT.a, DNS_BACK) },
  { sort: 'UDP over IPv6', open: udp(AT.a6, AT.b6, DNS), reply: udp(AT.b6, AT.a6, DNS_BACK) },
  { sort: 'echo', open: echo(AT.a, AT.b, 77), reply: echo(AT.b, AT.a, 77, true) },
  { sort: 'ICMPv6 echo', open: echo(AT.a6, AT.b6, 77), reply: echo(AT.b6, AT.a6, 77, true) },
];

describe.each(sorts)('a flow of $sort', ({ open, reply }) => {
  test('lets its reply through a policy that allows none', async () => {
    expect(await fromB(reply)).toBe(ACTION.drop);
    expect(await fromA(open)).toBe(ACTION.redirect);
    expect(await fromB(reply)).toBe(ACTION.redirect);
    expect(await flows()).toHaveLength(1);
  });

  test('is forgotten when its time is over: then its reply is judged as new', async () => {
    await fromA(open);
    await datapath.expireFlows();
    expect(await fromB(reply)).toBe(ACTION.drop);
    expect(await fromA(open)).toBe(ACTION.redirect);
  });

  test('is not judged again under the same epoch', async () => {
    await fromA(open);
    await datapath.write('plumb_heads', [
      { key: { buffer: 0, policySet: 0xb }, value: { version: VERSION.newA } },
      { key: { buffer: 0, policySet: 0xa }, value: { version: VERSION.newA } },
    ]);
    expect(await fromA(open)).toBe(ACTION.redirect);
  });

  test('stops at its next packet once the policy does not allow it', async () => {
    await datapath.load(allAllowed);
    await fromA(open);
    await fromB(reply);
    datapath.setEpoch(2, 1);
    expect(await fromA(open)).toBe(ACTION.drop);
    expect(await flows()).toEqual([]);
  });

  test('stops too when a reply is the first to meet the new policy', async () => {
    await datapath.load(allAllowed);
    await fromA(open);
    datapath.setEpoch(2, 1);
    expect(await fromB(reply)).toBe(ACTION.drop);
    expect(datapath.events()).toMatchObject([{ direction: 'egress', version: VERSION.newA }]);
    expect(await flows()).toEqual([]);
  });

  test('lives on, its reply judged as its opener, when the new policy allows it', async () => {
    await fromA(open);
    datapath.setEpoch(5, 0);
    expect(await fromB(reply)).toBe(ACTION.redirect);
    expect(await flows()).toMatchObject([{ epoch: 10 }]);
  });
});

test('a packet that is denied leaves no flow', async () => {
  await fromA(tcp(AT.a, AT.b, [4000, 81]));
  expect(await flows()).toEqual([]);
});

test('flows differ by ports, protocol and echo id', async () => {
  await datapath.load(allAllowed);
  const frames = [
    tcp(AT.a, AT.b, PORTS),
    tcp(AT.a, AT.b, [4001, 80]),
    udp(AT.a, AT.b, PORTS),
    echo(AT.a, AT.b, 1),
    echo(AT.a, AT.b, 2),
  ];
  for (const frame of frames) await fromA(frame);
  expect(await flows()).toHaveLength(frames.length);
});

test.each([
  ['IPv4', AT.a, AT.b],
  ['IPv6', AT.a6, AT.b6],
])('what answers an echo reply that nobody asked for stops with it, in %s', async (_, a, b) => {
  const onlyRequests = [
    ref(VERSION.newA, 'egress', TABLE.web),
    ref(VERSION.newB, 'ingress', TABLE.web),
  ];
  await datapath.load({ ...allAllowed, refs: [...allAllowed.refs!, ...onlyRequests] });
  const unasked = echo(a, b, 77, true);
  const answer = echo(b, a, 77);
  expect(await fromA(unasked)).toBe(ACTION.redirect);
  expect(await fromB(answer)).toBe(ACTION.redirect);
  datapath.setEpoch(2, 1);
  expect(await fromB(answer)).toBe(ACTION.drop);
  expect(await fromA(echo(a, b, 77))).toBe(ACTION.redirect);
});

test('ICMP that is no echo makes no flow', async () => {
  await datapath.load(allAllowed);
  expect(await fromA(icmp(AT.a, AT.b, { type: 13 }))).toBe(ACTION.redirect);
  expect(await flows()).toEqual([]);
});

test('the host opens a flow from the stack, the endpoint answers it', async () => {
  await toB(tcp(AT.remote, AT.b, PORTS));
  expect(await fromB(tcp(AT.b, AT.remote, BACK, 'SA'))).toBe(ACTION.ok);
  expect(await fromB(tcp(AT.b, AT.remote, [81, 4000], 'SA'))).toBe(ACTION.drop);
});

test('an endpoint opens a flow to the outside, the answer comes from the stack', async () => {
  await fromA(udp(AT.a, AT.inPrefix, [4000, 53]));
  const answer = await datapath.run('to_endpoint', 'ep0', udp(AT.inPrefix, AT.a, [53, 4000]));
  expect(answer.action).toBe(ACTION.ok);
});

describe('a SYN against the direction of a flow', () => {
  test('is judged as a new one and dropped, and the flow lives on', async () => {
    await fromA(tcp(AT.a, AT.b, PORTS));
    expect(await fromB(tcp(AT.b, AT.a, BACK, 'S'))).toBe(ACTION.drop);
    expect(await fromB(tcp(AT.b, AT.a, BACK, 'SA'))).toBe(ACTION.redirect);
  });

  test('turns the flow round where it is allowed', async () => {
    await datapath.load(allAllowed);
    await fromA(tcp(AT.a, AT.b, PORTS));
    const [before] = await flows();
    expect(await fromB(tcp(AT.b, AT.a, BACK, 'S'))).toBe(ACTION.redirect);
    const after = await flows();
    expect(after).toHaveLength(1);
    expect(after[0]!.fromB).not.toBe(before!.fromB);
  });
});

describe('a flow lives', () => {
  beforeEach(() => datapath.load(allAllowed));
  const opening = tcp(AT.a, AT.b, PORTS);
  const answer = tcp(AT.b, AT.a, BACK, 'SA');

  test('60 s while TCP is opening, then 8000 s', async () => {
    await fromA(opening);
    expect(await left()).toEqual(around(60));
    await fromB(answer);
    expect(await left()).toEqual(around(8000));
  });

  test('10 s once both sides have closed it', async () => {
    for (const frame of [opening]) await fromA(frame);
    await fromB(answer);
    await fromA(tcp(AT.a, AT.b, PORTS, 'FA'));
    expect(await left()).toEqual(around(8000));
    await fromB(tcp(AT.b, AT.a, BACK, 'FA'));
    expect(await left()).toEqual(around(10));
  });

  test('10 s once it is reset', async () => {
    await fromA(opening);
    await fromB(tcp(AT.b, AT.a, BACK, 'RA'));
    expect(await left()).toEqual(around(10));
  });

  test('a new time when its ports are used again after it was closed', async () => {
    await fromA(opening);
    await fromB(tcp(AT.b, AT.a, BACK, 'RA'));
    await fromA(opening);
    expect(await left()).toEqual(around(60));
  });

  test.each([
    ['60 s as UDP', udp(AT.a, AT.b, PORTS), 60],
    ['30 s as ICMP', echo(AT.a, AT.b, 5), 30],
    [
      '60 s as anything else',
      packet({ source: AT.a, destination: AT.b, protocol: PROTOCOL.gre }),
      60,
    ],
  ] as const)('%s', async (_, frame, seconds) => {
    await fromA(frame);
    expect(await left()).toEqual(around(seconds));
  });
});
