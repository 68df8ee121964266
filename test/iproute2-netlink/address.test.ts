import { expect, test } from 'vitest';
import { BRIDGE, TestNetns, failureOf, sorted } from './support.js';

const REACHABLE = 0x02;
const PERMANENT = 0x80;

test('addresses of both families are added, and read as ip(8) prints them', async () => {
  const netns = await TestNetns.withBridge();
  await netns.netlink.batch([
    { op: 'address-add', ifindex: BRIDGE, address: '10.1.0.1', prefixLength: 24, protocol: 80 },
    { op: 'address-add', ifindex: BRIDGE, address: '10.1.0.2', prefixLength: 32, label: 'br0:x' },
    {
      op: 'address-add',
      ifindex: BRIDGE,
      address: 'fd00:0:0:1::1',
      prefixLength: 64,
      noDad: true,
      noPrefixRoute: true,
    },
    { op: 'address-add', ifindex: 1, address: '127.0.0.2', prefixLength: 32 },
  ]);
  const read = (await netns.netlink.addresses()).map((address) => ({
    ifindex: address.ifindex,
    local: address.address,
    prefixlen: address.prefixLength,
    scope: { 0: 'global', 253: 'link', 254: 'host' }[address.scope],
    label: address.label,
  }));
  const printed = netns.ip('address').flatMap((link) =>
    (link['addr_info'] as Record<string, unknown>[]).map((address) => ({
      ifindex: link['ifindex'],
      local: address['local'],
      prefixlen: address['prefixlen'],
      scope: address['scope'],
      label: address['label'],
    })),
  );
  expect(read).toHaveLength(6);
  expect(sorted(read)).toEqual(sorted(printed));
  expect((await netns.netlink.addresses()).find((a) => a.address === '10.1.0.1')?.protocol).toBe(
    80,
  );
  expect(JSON.stringify(netns.ip('address', 'show', 'dev', 'br0'))).toContain(
    '"noprefixroute":true',
  );
  expect(JSON.stringify(netns.ip('address', 'show', 'dev', 'br0'))).toContain('"nodad":true');
  const prefixRoutes = (await netns.netlink.routes()).filter(
    (r) => r.destination === 'fd00:0:0:1::/64',
  );
  expect(prefixRoutes).toEqual([]);
});

test('an address is deleted, and one that is not there is refused', async () => {
  const netns = await TestNetns.withBridge();
  const address = { ifindex: BRIDGE, address: '10.1.0.1', prefixLength: 24 };
  await netns.netlink.batch([
    { op: 'address-add', ...address },
    { op: 'address-delete', ...address },
  ]);
  expect((await netns.netlink.addresses()).filter((a) => a.ifindex === BRIDGE)).toEqual([]);
  const error = await failureOf(netns.netlink, [{ op: 'address-delete', ...address }]);
  expect(error).toMatchObject({
    code: 'EADDRNOTAVAIL',
    request: `address-delete 10.1.0.1/24 dev ${String(BRIDGE)}`,
  });
});

test('every IPv6 address is written as ip(8) writes it', async () => {
  const netns = await TestNetns.withBridge();
  // all patterns of zero groups but those that begin with zeros, which no link may have
  const addresses = Array.from({ length: 128 }, (_, pattern) =>
    ['fd00', ...Array.from({ length: 7 }, (_, bit) => (pattern & (1 << bit) ? 'a0' : '0'))].join(
      ':',
    ),
  );
  await netns.netlink.batch(
    addresses.map((address) => ({
      op: 'address-add',
      ifindex: BRIDGE,
      address,
      prefixLength: 128,
      noDad: true,
    })),
  );
  const read = (await netns.netlink.addresses()).filter((a) => a.ifindex === BRIDGE);
  const printed = netns.ip('address', 'show', 'dev', 'br0')[0]?.['addr_info'] as {
    local: string;
  }[];
  expect(printed).toHaveLength(128);
  expect(read.map((a) => a.address).sort()).toEqual(printed.map((a) => a.local).sort());
});

test('permanent neighbors are set, replaced and deleted, and read as ip(8) prints them', async () => {
  const netns = await TestNetns.withBridge();
  const mac = '02:00:00:00:00:0a';
  await netns.netlink.batch([
    { op: 'neighbor-replace', ifindex: BRIDGE, address: '10.1.0.9', mac: '02:00:00:00:00:0b' },
    { op: 'neighbor-replace', ifindex: BRIDGE, address: '10.1.0.9', mac },
    { op: 'neighbor-replace', ifindex: BRIDGE, address: 'fd00::9', mac, permanent: true },
    { op: 'neighbor-replace', ifindex: BRIDGE, address: '10.1.0.10', mac, permanent: false },
    { op: 'neighbor-replace', ifindex: BRIDGE, address: '10.1.0.11', mac },
    { op: 'neighbor-delete', ifindex: BRIDGE, address: '10.1.0.11' },
  ]);
  const read = await netns.netlink.neighbors();
  const ours = read.filter((neighbor) => neighbor.mac === mac);
  const entry = { ifindex: BRIDGE, mac, flags: 0 };
  const permanent = { ...entry, state: PERMANENT, permanent: true };
  expect(ours).toHaveLength(3);
  expect(ours).toEqual(
    expect.arrayContaining([
      { ...permanent, family: 'inet', address: '10.1.0.9' },
      { ...permanent, family: 'inet6', address: 'fd00::9' },
      { ...entry, family: 'inet', address: '10.1.0.10', state: REACHABLE, permanent: false },
    ]),
  );
  const printed = netns.ip('neighbor', 'show', 'nud', 'all');
  expect(
    sorted(read.map((n) => ({ dst: n.address, dev: netns.deviceName(n.ifindex), lladdr: n.mac }))),
  ).toEqual(sorted(printed.map((n) => ({ dst: n['dst'], dev: n['dev'], lladdr: n['lladdr'] }))));
});
