import type { NetlinkError, Operation } from 'iproute2-netlink';
import { expect, test } from 'vitest';
import { BRIDGE, TestNetns, failureOf } from './support.js';

const OURS = 80;
const COUNT = 10_000;

function routes(op: 'route-add' | 'route-delete', count: number): Operation[] {
  return Array.from({ length: count }, (_, i) => ({
    op,
    route: {
      destination: `10.${String(100 + (i >> 8))}.${String(i & 255)}.0/24`,
      oif: BRIDGE,
      protocol: OURS,
      table: 5000,
    },
  }));
}

test('10,000 routes are added, read and deleted in a batch each', async () => {
  const netns = await TestNetns.withBridge();
  await netns.netlink.batch(routes('route-add', COUNT));
  const read = (await netns.netlink.routes()).filter((route) => route.protocol === OURS);
  expect(new Set(read.map((route) => route.destination)).size).toBe(COUNT);
  expect(netns.ip('-N', 'route', 'show', 'table', '5000')).toHaveLength(COUNT);
  await netns.netlink.batch(routes('route-delete', COUNT));
  expect((await netns.netlink.routes()).filter((route) => route.protocol === OURS)).toEqual([]);
});

test('the error of a batch names the operation that failed, and the others were carried out', async () => {
  const netns = await TestNetns.withBridge();
  const operations = routes('route-add', 3000);
  const bad = { destination: '10.9.0.0/16', gateway: '192.0.2.1', oif: BRIDGE };
  operations[1234] = { op: 'route-add', route: bad };
  operations[2999] = { op: 'link-delete', ifindex: 99_999 };
  const error = await failureOf(netns.netlink, operations);
  expect(error).toMatchObject({
    code: 'ENETUNREACH',
    errno: 101,
    extack: 'Nexthop has invalid gateway',
    request: `route-add 10.9.0.0/16 via 192.0.2.1 dev ${String(BRIDGE)}`,
    index: 1234,
  });
  expect(error.message).toContain('Nexthop has invalid gateway');
  const failed = (error.results ?? []).flatMap((result, i) => (result === undefined ? [] : [i]));
  expect(failed).toEqual([1234, 2999]);
  expect(error.results).toHaveLength(operations.length);
  expect(error.results?.[2999]).toMatchObject({ code: 'ENODEV', index: 2999 });
  const read = (await netns.netlink.routes()).filter((route) => route.protocol === OURS);
  expect(read).toHaveLength(2998);
});

test('a kind of link that the kernel does not know is refused in the kernel words', async () => {
  const netns = await TestNetns.make();
  const error = await failureOf(netns.netlink, [
    { op: 'link-add', name: 'x', kind: 'no-such-kind' },
  ]);
  expect(error).toMatchObject({ code: 'EOPNOTSUPP', extack: 'Unknown device type', index: 0 });
});

test.each<[string, Operation]>([
  ['an address', { op: 'address-add', ifindex: 1, address: '10.0.0.256', prefixLength: 32 }],
  [
    'an address with a zone',
    { op: 'address-add', ifindex: 1, address: 'fe80::1%lo', prefixLength: 64 },
  ],
  ['a prefix', { op: 'route-add', route: { destination: '10.0.0.0/33' } }],
  ['a prefix without number', { op: 'route-add', route: { destination: '10.0.0.0/' } }],
  ['a MAC address', { op: 'neighbor-replace', ifindex: 1, address: '10.0.0.1', mac: '02:00' }],
  ['a type of route', { op: 'route-add', route: { destination: '10.0.0.0/8', type: 'scenic' } }],
  ['a rule for two families', { op: 'rule-add', rule: { family: 'inet', source: 'fd00::/8' } }],
  ['an operation', { op: 'teleport' } as unknown as Operation],
])('%s that makes no sense is refused before anything is sent', async (_, bad) => {
  const netns = await TestNetns.make();
  const alias: Operation = { op: 'link-set', ifindex: 1, alias: 'sent' };
  const error: NetlinkError = await failureOf(netns.netlink, [alias, bad]);
  expect(error).toMatchObject({ code: 'EINVAL', index: 1 });
  expect(error.request).toMatch(new RegExp(`^${bad.op}`));
  expect(error).not.toHaveProperty('results');
  expect((await netns.netlink.links())[0]?.alias).toBeUndefined();
});

test('a namespace that does not exist fails the operation that names it, before anything is sent', async () => {
  const netns = await TestNetns.make();
  const error = await failureOf(netns.netlink, [
    { op: 'link-add', name: 'x', kind: 'bridge' },
    {
      op: 'link-add',
      name: 'y',
      kind: 'veth',
      peer: { name: 'z', netns: '/run/netns/nl-test-absent' },
    },
  ]);
  expect(error).toMatchObject({ code: 'ENOENT', index: 1, request: 'link-add y' });
  expect(netns.ip('link').map((link) => link['ifname'])).toEqual(['lo']);
});

test('requests made at the same time on one socket do not disturb each other', async () => {
  const netns = await TestNetns.withBridge();
  const { netlink } = netns;
  const answers = await Promise.all([
    netlink.batch(routes('route-add', 500)),
    netlink.links(),
    failureOf(netlink, [{ op: 'link-delete', ifindex: 99_999 }]),
    netlink.routes(),
    netlink.addresses(),
    netlink.rules(),
  ]);
  expect(answers[1].map((link) => link.name)).toEqual(['lo', 'br0']);
  expect(answers[2].code).toBe('ENODEV');
  expect(answers[3].filter((route) => route.protocol === OURS)).toHaveLength(500);
  expect(answers[4]).toHaveLength(2);
  expect(answers[5].length).toBeGreaterThan(3);
});

test('an empty batch does nothing, and a closed socket says that it is closed', async () => {
  const { netlink } = await TestNetns.make();
  await netlink.batch([]);
  netlink.close();
  await expect(netlink.links()).rejects.toMatchObject({ code: 'EBADF' });
  const operation: Operation = { op: 'link-delete', ifindex: 9 };
  expect(await failureOf(netlink, [operation])).toMatchObject({ code: 'EBADF' });
});
