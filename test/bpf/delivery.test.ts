import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { loadObject } from 'libbpf-napi';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { featuresOf, openDatapath } from '../../src/kernel/datapath.js';
import { IFINDEX_BASE, REASONS, VERDICT } from '../../src/state/layout.js';
import { ACTION, OBJECT, TestDatapath } from './datapath.js';
import { ETHERNET, echo, tcp } from './packets.js';
import { AT, CLASS, IDENTITY, MAC, ref, SET, story, TABLE, VERSION, withService } from './story.js';
import type { World } from './world.js';

const macOf = (frame: Uint8Array, at: number): string =>
  Array.from(frame.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');

describe('a packet', () => {
  let datapath: TestDatapath;
  beforeAll(async () => {
    datapath = await TestDatapath.open();
  });
  beforeEach(() => datapath.load(story));
  afterAll(() => datapath.close());

  test('to the same node carries the MACs of its destination and is else untouched', async () => {
    const frame = tcp(AT.a, AT.b, [4000, 80]);
    const { action, data } = await datapath.run('from_endpoint', 'ep0', frame);
    expect(action).toBe(ACTION.redirect);
    expect([macOf(data, 0), macOf(data, 6)]).toEqual([MAC.b, MAC.hostOfB]);
    expect(data.subarray(ETHERNET - 2)).toEqual(frame.subarray(ETHERNET - 2));
  });

  test('to the stack, or from it, is untouched', async () => {
    const out = tcp(AT.a, AT.remote, [4000, 80]);
    const back = tcp(AT.remote, AT.b, [4000, 80]);
    expect((await datapath.run('from_endpoint', 'ep0', out)).data).toEqual(out);
    expect((await datapath.run('to_endpoint', 'ep1', back)).data).toEqual(back);
  });

  test('that is dropped is told with all that is known of it', async () => {
    const before = process.hrtime.bigint();
    const frame = tcp(AT.a, AT.b, [4000, 81]);
    await datapath.run('from_endpoint', 'ep0', frame);
    const [event, ...more] = datapath.events();
    expect(more).toEqual([]);
    expect(event).toEqual({
      time: expect.toSatisfy((time: bigint) => time >= before && time <= process.hrtime.bigint()),
      verdict: 'deny',
      reason: 'policy-default-deny',
      direction: 'ingress',
      protocol: 6,
      source: AT.a,
      destination: AT.b,
      sourcePort: 4000,
      destinationPort: 81,
      sourceIdentity: IDENTITY.a,
      destinationIdentity: IDENTITY.b,
      policySet: SET.b,
      version: VERSION.b,
      class: CLASS.a,
      table: TABLE.web,
      ifindex: IFINDEX_BASE,
      length: frame.length,
      program: 'from_endpoint',
      isReply: false,
    });
  });

  test('with a false source is told with who really sent it', async () => {
    await datapath.run('from_endpoint', 'ep0', tcp(AT.b, AT.remote, [4000, 80]));
    expect(datapath.events()).toMatchObject([{ source: AT.b, sourceIdentity: IDENTITY.a }]);
  });

  test('that passes is not told', async () => {
    await datapath.run('from_endpoint', 'ep0', echo(AT.a, AT.b, 1));
    expect(datapath.events()).toEqual([]);
  });

  test('counts for the version and class that decided, and for none once its flow is known', async () => {
    const frame = tcp(AT.a, AT.b, [4000, 80]);
    for (let i = 0; i < 3; i++) await datapath.run('from_endpoint', 'ep0', frame);
    const rows = await datapath.entries('plumb_metrics');
    const metrics = rows.filter(({ key }) => key['verdict'] !== 0);
    const reason = REASONS.forwarded;
    expect(metrics).toHaveLength(2);
    expect(metrics).toContainEqual({
      key: {
        version: VERSION.b,
        class: CLASS.a,
        port: 80,
        protocol: 6,
        reason,
        direction: 0,
        verdict: VERDICT.allow,
        pad: 0,
      },
      value: { packets: 1n, bytes: BigInt(frame.length) },
    });
    expect(metrics).toContainEqual({
      key: {
        ...{ version: 0, class: 0, port: 0, protocol: 0, pad: 0 },
        ...{ reason, direction: 1, verdict: VERDICT.allow },
      },
      value: { packets: 2n, bytes: BigInt(2 * frame.length) },
    });
  });
});

describe('what is switched off', () => {
  const opened: TestDatapath[] = [];
  afterAll(async () => {
    for (const datapath of opened) await datapath.close();
  });

  async function without(feature: string, world: World = story): Promise<TestDatapath> {
    const datapath = await TestDatapath.open({ features: { [feature]: false } });
    opened.push(datapath);
    await datapath.load(world);
    return datapath;
  }

  const web = [4000, 80] as const;

  test('IPv6 does not pass', async () => {
    const datapath = await without('ipv6');
    const run = (frame: Uint8Array): Promise<{ action: number }> =>
      datapath.run('from_endpoint', 'ep0', frame);
    expect(await run(tcp(AT.a6, AT.b6, [4000, 80]))).toMatchObject({ action: ACTION.drop });
    expect(await run(tcp(AT.a, AT.b, [4000, 80]))).toMatchObject({ action: ACTION.redirect });
    expect(await datapath.entries('plumb_metrics')).toContainEqual(
      expect.objectContaining({
        key: expect.objectContaining({ reason: REASONS['unsupported-ethertype'] }),
      }),
    );
  });

  test('events are not sent, and drops are drops', async () => {
    const datapath = await without('events');
    const refused = await datapath.run('from_endpoint', 'ep0', tcp(AT.a, AT.b, [4000, 81]));
    expect(refused.action).toBe(ACTION.drop);
    expect(datapath.events()).toEqual([]);
  });

  test('metrics are not counted', async () => {
    const datapath = await without('metrics');
    await datapath.run('from_endpoint', 'ep0', tcp(AT.a, AT.b, [4000, 80]));
    expect(await datapath.entries('plumb_metrics')).toEqual([]);
  });

  test('services are addresses that nobody is at', async () => {
    const datapath = await without('services', withService);
    const frame = tcp(AT.a, AT.vip, web);
    const refused = await datapath.run('from_endpoint', 'ep0', frame);
    expect(refused).toEqual({ action: ACTION.drop, data: frame });
    expect(datapath.events()).toMatchObject([{ reason: 'no-identity', destination: AT.vip }]);
    const direct = await datapath.run('from_endpoint', 'ep0', tcp(AT.a, AT.b, web));
    expect(direct.action).toBe(ACTION.redirect);
  });

  test('tunnels are not entered, and nothing comes out of one', async () => {
    const tunnels = { [AT.remote]: '192.0.2.1' };
    const datapath = await without('tunnel', { ...story, tunnels, tunnelDevice: 'ep2' });
    const sent = await datapath.run('from_endpoint', 'ep0', tcp(AT.a, AT.remote, web));
    expect(sent.action).toBe(ACTION.ok);
    expect(datapath.events()).toEqual([]);
    const came = await datapath.run('from_tunnel', 'ep2', tcp(AT.remote, AT.b, web));
    expect(came.action).toBe(ACTION.drop);
    expect(datapath.events()).toMatchObject([{ reason: 'untrusted-tunnel' }]);
  });

  test('filters are not passed by, and the proxy is not heard', async () => {
    const datapath = await without('proxy', {
      ...story,
      proxyEgress: 'ep2',
      refs: [ref(VERSION.a, 'egress', 9), ref(VERSION.b, 'ingress', TABLE.open)],
      tables: [
        { table: 9, verdict: 'redirect', listener: 1 },
        { table: TABLE.open, verdict: 'allow' },
      ],
    });
    for (const [program, device] of [
      ['from_endpoint', 'ep0'],
      ['from_egress_proxy', 'ep2'],
    ] as const) {
      const { action } = await datapath.run(program, device, tcp(AT.a, AT.b, web));
      expect(action).toBe(ACTION.drop);
      expect(datapath.events()).toMatchObject([{ reason: 'proxy-unavailable', program }]);
    }
  });
});

describe('the object', () => {
  test('has a program for each direction, and these switches', async () => {
    const object = await loadObject(OBJECT);
    try {
      expect(object.programs().sort()).toEqual([
        'from_egress_proxy',
        'from_endpoint',
        'from_host',
        'from_ingress_proxy',
        'from_proxy_socket',
        'from_tunnel',
        'from_uplink',
        'original_destination',
        'to_endpoint',
        'to_listener',
        'to_uplink',
      ]);
    } finally {
      object.close();
    }
    expect(featuresOf(openDatapath(OBJECT))).toEqual([
      'events',
      'ipv6',
      'metrics',
      'proxy',
      'services',
      'tunnel',
    ]);
    expect(openDatapath(OBJECT).rodata.get('plumb_build')?.size).toBe(8);
  });

  test('is the same bytes wherever it is built', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'plumb-bpf-'));
    try {
      const bpf = join(OBJECT, '../..');
      cpSync(bpf, elsewhere, {
        recursive: true,
        filter: (path) => !path.startsWith(dirname(OBJECT)),
      });
      execFileSync('make', ['--silent', '-C', elsewhere]);
      const built = readFileSync(join(elsewhere, 'dist', basename(OBJECT)));
      expect(built.equals(readFileSync(OBJECT))).toBe(true);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  // What the verifier walks through is what a change of datapath costs a node.
  test('is verified in less than 25,000 instructions a program', async () => {
    const object = await loadObject(OBJECT);
    try {
      for (const name of object.programs()) {
        expect(object.program(name).info().verifiedInstructions).toBeLessThan(25_000);
      }
    } finally {
      object.close();
    }
  });

  test('is smaller for the verifier without its features', async () => {
    const off = Object.fromEntries(
      ['ipv6', 'events', 'metrics', 'proxy', 'services', 'tunnel'].map((name) => [
        `feature_${name}`,
        Uint8Array.of(0),
      ]),
    );
    const [full, bare] = [await loadObject(OBJECT), await loadObject(OBJECT, { rodata: off })];
    try {
      const length = (object: typeof full): number =>
        object.program('from_endpoint').info().xlatedLength;
      expect(length(bare)).toBeLessThan(0.6 * length(full));
    } finally {
      full.close();
      bare.close();
    }
  });
});
