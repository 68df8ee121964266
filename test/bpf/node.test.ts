import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CONFIG_ALLOW_LOCALHOST } from '../../src/state/layout.js';
import { SCOPE_OUTSIDE } from '../../src/state/layout-services.js';
import { endsOf } from './ends.js';
import { ACTION, TestDatapath, type ProgramName } from './datapath.js';
import { bytes, icmp, packet, PROTOCOL, tcp, udp } from './packets.js';
import { AT, CLASS, MAC, ref, story, TABLE, withService } from './story.js';
import { serviceRows, type World } from './world.js';

let datapath: TestDatapath;
beforeAll(async () => {
  datapath = await TestDatapath.open();
});
afterAll(() => datapath.close());

/** TCX_NEXT: whoever else is attached has a say, then the stack. */
const NEXT = 0xffff_ffff;
const HOST_SET = 0x40;
const HOST_VERSION = 0x41;
const WORLD = '192.0.2.7';
const HOST6 = 'fd09::fe';

const run = async (program: ProgramName, frame: Uint8Array): Promise<number> =>
  (await datapath.run(program, datapath.devices.stranger, frame)).action >>> 0;
const incoming = (frame: Uint8Array) => run('from_uplink', frame);
const outgoing = (frame: Uint8Array) => run('to_uplink', frame);

/** The host lets the prefix reach 80/TCP and echo, and sends to nobody but the remote endpoint. */
const guarded: World = {
  ...withService,
  hostPolicySet: HOST_SET,
  heads: [
    ...story.heads!,
    { buffer: 0, policySet: HOST_SET, version: HOST_VERSION },
    { buffer: 1, policySet: HOST_SET, version: HOST_VERSION + 1 },
  ],
  refs: [
    ...story.refs!,
    ref(HOST_VERSION, 'ingress', TABLE.shut),
    ref(HOST_VERSION, 'ingress', TABLE.web, CLASS.prefix),
    ref(HOST_VERSION, 'egress', TABLE.shut),
    ref(HOST_VERSION, 'egress', TABLE.open, CLASS.remote),
    ref(HOST_VERSION + 1, 'ingress', TABLE.shut),
    ref(HOST_VERSION + 1, 'egress', TABLE.shut),
  ],
};

describe('an uplink of a node that has a policy of its own', () => {
  beforeEach(() => datapath.load(guarded));

  test('lets in what the policy allows, and its replies out', async () => {
    expect(await incoming(tcp(WORLD, AT.host, [4000, 80]))).toBe(NEXT);
    expect(await outgoing(tcp(AT.host, WORLD, [80, 4000], 'SA'))).toBe(NEXT);
  });

  test('keeps out the rest, with a reason', async () => {
    expect(await incoming(tcp(WORLD, AT.host, [4000, 22]))).toBe(ACTION.drop);
    expect(await outgoing(tcp(AT.host, WORLD, [4000, 80]))).toBe(ACTION.drop);
    expect(datapath.events()).toMatchObject([
      { reason: 'policy-default-deny', direction: 'ingress', destinationPort: 22 },
      { reason: 'policy-default-deny', direction: 'egress', destinationPort: 80 },
    ]);
  });

  test('lets replies in to what the host may send', async () => {
    expect(await outgoing(udp(AT.host, AT.remote, [4000, 53]))).toBe(NEXT);
    expect(await incoming(udp(AT.remote, AT.host, [53, 4000]))).toBe(NEXT);
  });

  test('stops what was allowed with the policy', async () => {
    await incoming(tcp(WORLD, AT.host, [4000, 80]));
    datapath.setEpoch(2, 1);
    expect(await incoming(tcp(WORLD, AT.host, [4000, 80], 'A'))).toBe(ACTION.drop);
  });

  test('lets no packet in that pretends to be from the host', async () => {
    expect(await incoming(tcp(AT.host, AT.host, [4000, 80]))).toBe(ACTION.drop);
    expect(datapath.events()).toMatchObject([{ reason: 'spoofed-source' }]);
  });

  test('leaves alone what is about neighbors, and what only passes through', async () => {
    const arp = packet({ source: WORLD, destination: AT.host, protocol: 6, ethertype: 0x0806 });
    const solicitation = icmp('2001:db8::7', 'ff02::1:ff00:fe', { type: 135 });
    const advertisement = icmp('2001:db8::7', '2001:db8::8', { type: 136 });
    for (const frame of [arp, solicitation, advertisement]) {
      expect(await incoming(frame)).toBe(NEXT);
      expect(await outgoing(frame)).toBe(NEXT);
    }
    expect(await incoming(tcp(WORLD, AT.a, [4000, 80]))).toBe(NEXT);
    expect(await incoming(tcp(WORLD, '203.0.113.5', [4000, 80]))).toBe(NEXT);
    expect(await outgoing(tcp(AT.a, WORLD, [4000, 80]))).toBe(NEXT);
  });

  test('lets no other multicast past the policy', async () => {
    expect(await incoming(udp(WORLD, '224.0.0.251', [5353, 5353]))).toBe(ACTION.drop);
  });
});

describe('an uplink of a node without a policy of its own', () => {
  beforeEach(() => datapath.load(withService));

  test('leaves everything to the stack, and remembers nothing', async () => {
    expect(await incoming(tcp(WORLD, AT.host, [4000, 22]))).toBe(NEXT);
    expect(await outgoing(tcp(AT.host, WORLD, [4000, 22]))).toBe(NEXT);
    expect(await incoming(udp(WORLD, '224.0.0.251', [5353, 5353]))).toBe(NEXT);
    expect(await datapath.entries('plumb_conntrack')).toEqual([]);
  });

  test('delivers what is to a service to a back-end of this node, as that lets it', async () => {
    await datapath.load({
      ...withService,
      refs: [...story.refs!, ref(0xb0, 'ingress', TABLE.web, CLASS.prefix)],
    });
    const { action, data } = await datapath.run(
      'from_uplink',
      datapath.devices.stranger,
      tcp(WORLD, AT.vip, [4000, 80]),
    );
    expect(action).toBe(ACTION.redirect);
    expect(endsOf(data)).toMatchObject({ source: WORLD, destination: AT.b, ports: [4000, 80] });
    const back = await datapath.run('from_endpoint', 'ep1', tcp(AT.b, WORLD, [80, 4000], 'SA'));
    expect(back.action).toBe(ACTION.ok);
    expect(endsOf(back.data)).toMatchObject({ source: AT.vip, destination: WORLD });
    expect(await incoming(tcp('198.51.100.77', AT.vip, [4000, 80]))).toBe(ACTION.drop);
  });

  test('refuses what is to a service whose back-ends are elsewhere', async () => {
    const service = { address: AT.vip, port: 80, set: 7 };
    const backends = [{ address: AT.remote, port: 80 }];
    for (const [map, rows] of Object.entries(serviceRows([{ ...service, backends }])))
      await datapath.write(map as 'plumb_services', rows);
    expect(await incoming(tcp(WORLD, AT.vip, [4000, 80]))).toBe(ACTION.drop);
    expect(datapath.events()).toMatchObject([{ reason: 'no-backend' }]);
  });
});

describe('a service with back-ends here and elsewhere', () => {
  const elsewhere = { address: AT.remote, port: 80 };
  const ways = [
    { address: AT.vip, port: 80, set: 7, backends: [elsewhere] },
    {
      address: AT.vip,
      port: 80,
      set: 8,
      backends: [{ address: AT.b, port: 80 }],
      scope: SCOPE_OUTSIDE,
    },
  ];

  beforeEach(async () => {
    await datapath.load({
      ...withService,
      flags: CONFIG_ALLOW_LOCALHOST,
      refs: [...story.refs!, ref(0xb0, 'ingress', TABLE.web, CLASS.prefix)],
    });
    for (const [map, rows] of Object.entries(serviceRows(ways)))
      await datapath.write(map as 'plumb_services', rows);
  });

  test('is answered to the world by those that are here', async () => {
    const frame = tcp(WORLD, AT.vip, [4000, 80]);
    const { action, data } = await datapath.run('from_uplink', datapath.devices.stranger, frame);
    expect(action).toBe(ACTION.redirect);
    expect(endsOf(data)).toMatchObject({ source: WORLD, destination: AT.b });
  });

  test('is answered to the host by any', async () => {
    const frame = tcp(AT.host, AT.vip, [4000, 80]);
    const { data } = await datapath.run('from_host', datapath.devices.stranger, frame);
    expect(endsOf(data)).toMatchObject({ source: AT.host, destination: AT.remote });
  });
});

describe('what the host sends to the node’s device', () => {
  const fromHost = (frame: Uint8Array) =>
    datapath.run('from_host', datapath.devices.stranger, frame);

  test('goes on to a back-end of this node, with the MACs of its device', async () => {
    await datapath.load({ ...withService, flags: CONFIG_ALLOW_LOCALHOST });
    const { action, data } = await fromHost(tcp(AT.host, AT.vip, [4000, 80]));
    expect(action).toBe(ACTION.redirect);
    expect(endsOf(data)).toMatchObject({ source: AT.host, destination: AT.b, ports: [4000, 80] });
    const mac = MAC.b.split(':').map((part) => parseInt(part, 16));
    expect(bytes(data.subarray(0, 6))).toEqual(Uint8Array.from(mac));
    expect(
      (await datapath.run('to_endpoint', 'ep1', tcp(AT.host, AT.b, [4000, 80], 'A'))).action,
    ).toBe(ACTION.ok);
  });

  test.each([
    ['IPv4', AT.host, AT.vip, AT.remote],
    ['IPv6', HOST6, AT.vip6, AT.remote6],
  ])(
    'goes where the host’s routes lead to a back-end elsewhere, in %s',
    async (_, host, vip, remote) => {
      await datapath.load({
        ...story,
        services: [{ address: vip, port: 80, backends: [{ address: remote, port: 80 }] }],
        ipcache: { ...story.ipcache, [HOST6]: 1 },
      });
      const inside = (...command: readonly string[]) =>
        execFileSync('nsenter', [`--net=${datapath.devices.path}`, ...command]);
      const { stranger } = datapath.devices;
      inside('sysctl', '-qw', `net.ipv4.conf.${stranger}.forwarding=1`);
      inside('sysctl', '-qw', `net.ipv6.conf.${stranger}.forwarding=1`);
      inside('ip', 'route', 'replace', remote, 'dev', 'ep1');
      const { action, data } = await fromHost(tcp(host, vip, [4000, 80]));
      expect(action).toBe(ACTION.redirect);
      expect(endsOf(data)).toMatchObject({ source: host, destination: remote, ports: [4000, 80] });
      expect(datapath.events()).toEqual([]);
      // back to where it came from would be a loop
      inside('ip', 'route', 'replace', remote, 'dev', stranger);
      expect(await fromHost(tcp(host, vip, [4001, 80]))).toMatchObject({ action: ACTION.drop });
      expect(datapath.events()).toMatchObject([{ reason: 'no-route' }]);
    },
  );

  test('goes into the tunnel to what is behind another node', async () => {
    const behind = { ...story, tunnels: { [AT.remote]: '192.0.2.1' } };
    await datapath.load({ ...behind, tunnelDevice: 'ep1' });
    expect(await fromHost(tcp(AT.host, AT.remote, [4000, 80]))).toMatchObject({
      action: ACTION.redirect,
    });
    await datapath.load(behind);
    expect(await fromHost(tcp(AT.host, AT.remote, [4000, 80]))).toMatchObject({
      action: ACTION.drop,
    });
    expect(datapath.events()).toMatchObject([{ reason: 'tunnel-failed' }]);
  });

  test('is dropped when it is not from the host', async () => {
    await datapath.load(withService);
    expect((await fromHost(tcp(WORLD, AT.vip, [4000, 80]))).action).toBe(ACTION.drop);
    expect(datapath.events()).toMatchObject([{ reason: 'spoofed-source' }]);
  });
});

describe('what comes out of the tunnel’s device', () => {
  test('without a tunnel around it is dropped', async () => {
    await datapath.load(story);
    const frame = packet({ source: AT.remote, destination: AT.b, protocol: PROTOCOL.tcp });
    expect(await run('from_tunnel', frame)).toBe(ACTION.drop);
    const whole = tcp(AT.remote, AT.b, [4000, 80]);
    expect(await run('from_tunnel', whole)).toBe(ACTION.drop);
    expect(datapath.events().map(({ reason }) => reason)).toContain('untrusted-tunnel');
  });
});
