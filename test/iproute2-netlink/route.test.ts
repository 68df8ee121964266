import type { Operation, Route, RouteOperation } from 'iproute2-netlink';
import { expect, test } from 'vitest';
import { BRIDGE, TestNetns, failureOf, sorted } from './support.js';

const OURS = 80;

/** One port of the bridge is up at both ends, so that it has a carrier. */
async function netnsWithAddresses(): Promise<TestNetns> {
  const netns = await TestNetns.withBridge();
  await netns.netlink.batch([
    {
      op: 'link-add',
      name: 'p',
      kind: 'veth',
      up: true,
      master: BRIDGE,
      peer: { name: 'q', up: true },
    },
    { op: 'address-add', ifindex: BRIDGE, address: '10.1.0.1', prefixLength: 24 },
    { op: 'address-add', ifindex: BRIDGE, address: 'fd00::1', prefixLength: 64, noDad: true },
  ]);
  return netns;
}

function add(route: RouteOperation['route']): Operation {
  return { op: 'route-add', route: { protocol: OURS, ...route } };
}

async function ourRoutes(netns: TestNetns): Promise<Route[]> {
  return (await netns.netlink.routes()).filter((route) => route.protocol === OURS);
}

test('routes of both families are read as they were added', async () => {
  const netns = await netnsWithAddresses();
  const v4 = { family: 'inet', type: 'unicast', protocol: OURS, table: 254 } as const;
  const v6 = {
    family: 'inet6',
    type: 'unicast',
    protocol: OURS,
    table: 254,
    scope: 0,
    priority: 1024,
  } as const;
  const expected: Route[] = [
    { ...v4, destination: '10.2.0.31/32', scope: 253, oif: BRIDGE },
    {
      ...v4,
      destination: '10.3.0.0/16',
      scope: 253,
      oif: BRIDGE,
      source: '10.1.0.1',
      priority: 7,
      mtu: 1300,
    },
    {
      ...v4,
      destination: '0.0.0.0/0',
      scope: 0,
      oif: BRIDGE,
      gateway: '10.1.0.254',
      table: 70_000,
    },
    {
      ...v4,
      destination: '10.4.0.0/16',
      scope: 0,
      oif: BRIDGE,
      gateway: '192.0.2.1',
      onlink: true,
    },
    { ...v4, destination: '10.5.0.0/16', scope: 0, oif: BRIDGE, gateway: 'fd00::254' },
    { ...v4, destination: '10.6.0.0/16', scope: 0, type: 'blackhole' },
    { ...v4, destination: '10.7.0.0/16', scope: 254, type: 'local', oif: 1, table: 2004 },
    { ...v6, destination: 'fd01::31/128', oif: BRIDGE },
    {
      ...v6,
      destination: '::/0',
      oif: BRIDGE,
      gateway: 'fd00::254',
      table: 70_000,
      source: 'fd00::1',
    },
    {
      ...v6,
      destination: 'fd02::/64',
      oif: BRIDGE,
      gateway: '2001:db8::1',
      onlink: true,
      mtu: 1300,
    },
    { ...v6, destination: 'fd03::/64', oif: 1, type: 'unreachable', priority: 9 },
    { ...v6, destination: 'fd04::/64', oif: 1, type: 'local', table: 2004 },
  ];
  // without what ip(8), too, would choose by itself
  await netns.netlink.batch(
    expected.map((route) => {
      const wanted: Partial<Route> = { ...route };
      delete wanted.family;
      delete wanted.scope;
      if (route.priority === 1024) delete wanted.priority;
      return add(wanted as RouteOperation['route']);
    }),
  );
  expect(sorted((await ourRoutes(netns)).map(inOrder))).toEqual(sorted(expected.map(inOrder)));
});

test('all tables are read as ip(8) prints them', async () => {
  const netns = await netnsWithAddresses();
  await netns.netlink.batch([
    add({ destination: '10.2.0.0/16', gateway: '10.1.0.2', oif: BRIDGE, table: 1000, priority: 5 }),
    add({ destination: '10.3.0.7/32', oif: BRIDGE, source: '10.1.0.1' }),
    add({ destination: 'fd01::/64', gateway: 'fd00::2', oif: BRIDGE, table: 1000 }),
    add({ destination: 'fd02::/64', oif: BRIDGE }),
  ]);
  const read = (await netns.netlink.routes()).map((route) => ({
    type: route.type,
    dst: short(route.destination),
    dev: netns.deviceName(route.oif),
    gateway: route.gateway,
    prefsrc: route.source,
    metric: route.priority,
    table: String(route.table),
  }));
  const printed = ['-4', '-6'].flatMap((family) =>
    netns.ip('-N', family, 'route', 'show', 'table', 'all').map((route) => ({
      type: typeName(route['type']),
      dst: route['dst'],
      dev: route['dev'],
      gateway: route['gateway'],
      prefsrc: route['prefsrc'],
      metric: route['metric'],
      table: route['table'] ?? '254',
    })),
  );
  expect(read.length).toBeGreaterThan(12);
  expect(sorted(read)).toEqual(sorted(printed));
});

test('routes with several next hops are read with all of them', async () => {
  const netns = await netnsWithAddresses();
  netns.ip(
    'route',
    'add',
    '10.9.0.0/16',
    'proto',
    String(OURS),
    'nexthop',
    'via',
    '10.1.0.2',
    'weight',
    '3',
    'nexthop',
    'via',
    '192.0.2.1',
    'dev',
    'br0',
    'onlink',
  );
  expect(await ourRoutes(netns)).toEqual([
    {
      family: 'inet',
      destination: '10.9.0.0/16',
      table: 254,
      protocol: OURS,
      scope: 0,
      type: 'unicast',
      nextHops: [
        { oif: BRIDGE, gateway: '10.1.0.2', weight: 3 },
        { oif: BRIDGE, gateway: '192.0.2.1', weight: 1, onlink: true },
      ],
    },
  ]);
});

test('a route is replaced, and deleted only by what agrees with it', async () => {
  const netns = await netnsWithAddresses();
  const route = { destination: '10.2.0.0/16', oif: BRIDGE, protocol: OURS };
  await netns.netlink.batch([
    { op: 'route-add', route },
    { op: 'route-replace', route: { ...route, mtu: 1400 } },
  ]);
  expect((await ourRoutes(netns)).map((r) => r.mtu)).toEqual([1400]);
  expect(await failureOf(netns.netlink, [{ op: 'route-add', route }])).toMatchObject({
    code: 'EEXIST',
    request: `route-add 10.2.0.0/16 dev ${String(BRIDGE)}`,
  });
  const other = { destination: route.destination, protocol: 81 };
  expect(await failureOf(netns.netlink, [{ op: 'route-delete', route: other }])).toMatchObject({
    code: 'ESRCH',
  });
  expect(await ourRoutes(netns)).toHaveLength(1);
  await netns.netlink.batch([{ op: 'route-delete', route: { destination: route.destination } }]);
  expect(await ourRoutes(netns)).toEqual([]);
});

test('an IPv6 route is deleted by destination, table and protocol', async () => {
  const netns = await netnsWithAddresses();
  const route = { destination: 'fd01::/64', table: 3000, protocol: OURS };
  await netns.netlink.batch([
    { op: 'route-add', route: { ...route, oif: BRIDGE } },
    { op: 'route-delete', route },
  ]);
  expect(await ourRoutes(netns)).toEqual([]);
});

/** With its fields in the order of their names. */
function inOrder(route: Route): object {
  return Object.fromEntries(sorted(Object.entries(route)));
}

/** Host routes and defaults as ip(8) prints them. */
function short(destination: string): string {
  if (destination === '0.0.0.0/0' || destination === '::/0') return 'default';
  return destination.replace(destination.includes(':') ? /\/128$/ : /\/32$/, '');
}

/** `ip -N` prints numbers for what it otherwise has words for. */
function typeName(type: unknown): unknown {
  const names = ['unspec', 'unicast', 'local', 'broadcast', 'anycast', 'multicast', 'blackhole'];
  return typeof type === 'string' && /^\d+$/.test(type) ? names[Number(type)] : (type ?? 'unicast');
}
