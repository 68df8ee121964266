import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CONFIG_ALLOW_LOCALHOST, ENDPOINT_AUDIT } from '../../src/state/layout.js';
import { ACTION, TestDatapath } from './datapath.js';
import { echo, icmp, packet, PROTOCOL, sctp, tcp, udp } from './packets.js';
import { AT, CLASS, IDENTITY, ref, SET, story, TABLE, VERSION, withFlags } from './story.js';
import type { World, WorldEntry } from './world.js';

let datapath: TestDatapath;
beforeAll(async () => {
  datapath = await TestDatapath.open();
});
beforeEach(() => datapath.load(story));
afterAll(() => datapath.close());

const send = async (frame: Uint8Array, device = 'ep0'): Promise<number> =>
  (await datapath.run('from_endpoint', device, frame)).action;
const receive = async (frame: Uint8Array, device = 'ep1'): Promise<number> =>
  (await datapath.run('to_endpoint', device, frame)).action;

/** What B makes of A's packets when these entries are all that B's policy has. */
const underTable = (tables: readonly WorldEntry[]): World => ({
  ...story,
  refs: [ref(VERSION.a, 'egress', TABLE.open), ref(VERSION.b, 'ingress', 9)],
  tables: [{ table: TABLE.open, verdict: 'allow' }, ...tables],
});

describe.each([
  { family: 'IPv4', a: AT.a, b: AT.b, remote: AT.remote, inPrefix: AT.inPrefix },
  { family: 'IPv6', a: AT.a6, b: AT.b6, remote: AT.remote6, inPrefix: AT.inPrefix6 },
])('over $family', ({ a, b, remote, inPrefix }) => {
  test('what both sides allow reaches the endpoint on the same node', async () => {
    expect(await send(tcp(a, b, [4000, 80]))).toBe(ACTION.redirect);
    expect(await send(echo(a, b, 7))).toBe(ACTION.redirect);
  });

  test('what the destination does not allow is dropped on the way out of the source', async () => {
    expect(await send(tcp(a, b, [4000, 443]))).toBe(ACTION.drop);
    expect(await send(udp(a, b, [4000, 80]))).toBe(ACTION.drop);
    expect(await send(sctp(a, b, [4000, 80]))).toBe(ACTION.drop);
  });

  test('what the source does not allow is dropped whatever the destination says', async () => {
    await datapath.load({
      ...story,
      refs: [ref(VERSION.b, 'egress', TABLE.shut), ref(VERSION.a, 'ingress', TABLE.open)],
    });
    expect(await send(tcp(b, a, [4000, 80]), 'ep1')).toBe(ACTION.drop);
    expect(datapath.events()).toMatchObject([{ direction: 'egress', version: VERSION.b }]);
  });

  test('what leaves the node needs the source alone and goes to the stack', async () => {
    expect(await send(tcp(a, remote, [4000, 9999]))).toBe(ACTION.ok);
    expect(await send(udp(a, inPrefix, [4000, 53]))).toBe(ACTION.ok);
  });

  test('what comes from the stack needs the destination alone', async () => {
    expect(await receive(tcp(remote, b, [4000, 80]))).toBe(ACTION.ok);
    expect(await receive(tcp(remote, b, [4000, 81]))).toBe(ACTION.drop);
    expect(await receive(tcp(inPrefix, b, [4000, 80]))).toBe(ACTION.drop);
  });

  test('an endpoint may reach itself, though its policy is shut', async () => {
    expect(await send(tcp(b, b, [4000, 9]), 'ep1')).toBe(ACTION.redirect);
  });

  test('an exact address counts before the prefix that it is in', async () => {
    const ipcache = { ...story.ipcache, [inPrefix]: IDENTITY.remote };
    await datapath.load({ ...story, ipcache });
    expect(await receive(tcp(inPrefix, b, [4000, 80]))).toBe(ACTION.ok);
  });
});

test('the longest prefix says who somebody is', async () => {
  await datapath.load({
    ...story,
    prefixes: { '0.0.0.0/0': 500, '192.0.2.7/32': IDENTITY.remote },
  });
  expect(await receive(tcp('192.0.2.7', AT.b, [4000, 80]))).toBe(ACTION.ok);
  expect(await receive(tcp('192.0.2.8', AT.b, [4000, 80]))).toBe(ACTION.drop);
});

test('IPv4 options are skipped', async () => {
  const frame = (port: number): Uint8Array => {
    const body = tcp(AT.a, AT.b, [4000, port]).slice(34);
    const options = new Uint8Array(12).fill(1);
    return packet({ source: AT.a, destination: AT.b, protocol: PROTOCOL.tcp, options, body });
  };
  expect(await send(frame(80))).toBe(ACTION.redirect);
  expect(await send(frame(81))).toBe(ACTION.drop);
});

describe('a table', () => {
  const table = 9;
  const allow = { table, verdict: 'allow' } as const;
  const deny = { table, verdict: 'deny' } as const;

  test('answers by its longest prefix of ports', async () => {
    const tcpPorts = { protocol: PROTOCOL.tcp, port: 8064 };
    await datapath.load(
      underTable([allow, { ...deny, ...tcpPorts, bits: 10 }, { ...allow, ...tcpPorts, bits: 16 }]),
    );
    expect(await send(tcp(AT.a, AT.b, [1, 8063]))).toBe(ACTION.redirect);
    expect(await send(tcp(AT.a, AT.b, [1, 8064]))).toBe(ACTION.redirect);
    expect(await send(tcp(AT.a, AT.b, [1, 8065]))).toBe(ACTION.drop);
    expect(await send(tcp(AT.a, AT.b, [1, 8127]))).toBe(ACTION.drop);
    expect(await send(tcp(AT.a, AT.b, [1, 8128]))).toBe(ACTION.redirect);
  });

  test('tells protocols apart', async () => {
    await datapath.load(underTable([{ ...allow, protocol: PROTOCOL.sctp, port: 5000 }]));
    expect(await send(sctp(AT.a, AT.b, [1, 5000]))).toBe(ACTION.redirect);
    expect(await send(udp(AT.a, AT.b, [1, 5000]))).toBe(ACTION.drop);
  });

  test('judges protocols without ports by port 0', async () => {
    await datapath.load(underTable([{ ...allow, protocol: PROTOCOL.gre }]));
    const frame = (protocol: number): Uint8Array =>
      packet({ source: AT.a, destination: AT.b, protocol, body: new Uint8Array(8) });
    expect(await send(frame(PROTOCOL.gre))).toBe(ACTION.redirect);
    expect(await send(frame(50))).toBe(ACTION.drop);
  });

  test('has type and code of ICMP for a port', async () => {
    const entry = { ...allow, protocol: PROTOCOL.icmp };
    await datapath.load(underTable([{ ...entry, port: (3 << 8) | 4 }]));
    expect(await send(icmp(AT.a, AT.b, { type: 3, code: 4 }))).toBe(ACTION.redirect);
    expect(await send(icmp(AT.a, AT.b, { type: 3, code: 1 }))).toBe(ACTION.drop);
  });

  test('with a verdict that nobody knows denies', async () => {
    await datapath.load(underTable([]));
    const key = { prefixLength: 32, table, protocol: 0, port: 0 };
    await datapath.write('plumb_tables', [{ key, value: { verdict: 0, flags: 0, listener: 0 } }]);
    expect(await send(tcp(AT.a, AT.b, [1, 2]))).toBe(ACTION.drop);
  });
});

describe('classes and versions', () => {
  test('a class that a version does not name gets its default', async () => {
    await datapath.load({
      ...story,
      refs: [...story.refs!, ref(VERSION.a, 'egress', TABLE.denied, CLASS.b)],
    });
    expect(await send(tcp(AT.a, AT.b, [4000, 80]))).toBe(ACTION.drop);
    expect(datapath.events()).toMatchObject([
      { reason: 'policy-denied', class: CLASS.b, table: TABLE.denied, policySet: SET.a },
    ]);
    expect(await send(tcp(AT.a, AT.remote, [4000, 80]))).toBe(ACTION.ok);
  });

  test('one write of the epoch puts the other buffer in force, and back', async () => {
    const web = tcp(AT.a, AT.b, [4000, 80]);
    const back = tcp(AT.b, AT.a, [4000, 80]);
    expect([await send(web), await send(back, 'ep1')]).toEqual([ACTION.redirect, ACTION.drop]);
    datapath.setEpoch(2, 1);
    expect([await send(web), await send(back, 'ep1')]).toEqual([ACTION.drop, ACTION.redirect]);
    datapath.setEpoch(3, 0);
    expect([await send(web), await send(back, 'ep1')]).toEqual([ACTION.redirect, ACTION.drop]);
  });
});

describe('the local host', () => {
  const fromHost = tcp(AT.host, AT.b, [4000, 22]);

  test('reaches its endpoints if the node says so', async () => {
    await datapath.load({ ...story, flags: CONFIG_ALLOW_LOCALHOST });
    expect(await receive(fromHost)).toBe(ACTION.ok);
    expect(await receive(tcp(AT.remote, AT.b, [4000, 22]))).toBe(ACTION.drop);
  });

  test('is judged like anybody if not', async () => {
    expect(await receive(fromHost)).toBe(ACTION.drop);
    expect(datapath.events()).toMatchObject([{ sourceIdentity: 1, class: CLASS.host }]);
  });

  test('is reached only by what may send to it', async () => {
    await datapath.load({ ...story, flags: CONFIG_ALLOW_LOCALHOST });
    expect(await send(tcp(AT.b, AT.host, [4000, 22]), 'ep1')).toBe(ACTION.drop);
  });
});

describe('an endpoint in audit mode', () => {
  const refused = tcp(AT.a, AT.b, [4000, 81]);

  test('gets what its policy denies, and it is told', async () => {
    await datapath.load(withFlags({ b: ENDPOINT_AUDIT }));
    expect(await send(refused)).toBe(ACTION.redirect);
    expect(datapath.events()).toMatchObject([
      { verdict: 'allow', reason: 'policy-default-deny', direction: 'ingress', version: VERSION.b },
    ]);
  });

  test('does not audit for the other side', async () => {
    await datapath.load(withFlags({ a: ENDPOINT_AUDIT }));
    expect(await send(refused)).toBe(ACTION.drop);
  });

  test('is told with its own policy when only the sender is audited', async () => {
    await datapath.load(withFlags({ b: ENDPOINT_AUDIT }));
    expect(await send(tcp(AT.b, AT.remote, [4000, 80]), 'ep1')).toBe(ACTION.ok);
    await datapath.load({ ...withFlags({ b: ENDPOINT_AUDIT }), refs: openToA });
    expect(await send(tcp(AT.b, AT.a, [4000, 80]), 'ep1')).toBe(ACTION.redirect);
    expect(datapath.events()).toMatchObject([
      { verdict: 'allow', reason: 'policy-default-deny', direction: 'egress', version: VERSION.b },
    ]);
  });

  test('of two the sender is the one that is told', async () => {
    await datapath.load(withFlags({ a: ENDPOINT_AUDIT, b: ENDPOINT_AUDIT }));
    expect(await send(tcp(AT.b, AT.a, [4000, 80]), 'ep1')).toBe(ACTION.redirect);
    expect(datapath.events()).toMatchObject([{ direction: 'egress', version: VERSION.b }]);
  });
});

/** B may send nothing, A takes everything. */
const openToA = [ref(VERSION.b, 'egress', TABLE.shut), ref(VERSION.a, 'ingress', TABLE.open)];
