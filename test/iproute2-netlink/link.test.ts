import { expect, test } from 'vitest';
import { BRIDGE, TestNetns, failureOf } from './support.js';

const HOST_MAC = '02:00:00:00:00:01';
const PEER_MAC = '02:00:00:00:00:02';

test('a veth pair spans two namespaces with the chosen numbers, addresses, aliases and no link-local addresses', async () => {
  const [host, inside] = [await TestNetns.make(), await TestNetns.make()];
  await host.netlink.batch([
    {
      op: 'link-add',
      name: 'lxc1',
      kind: 'veth',
      ifindex: 65_600,
      mac: HOST_MAC,
      mtu: 1400,
      up: true,
      alias: 'plumb:hoth',
      addrGenMode: 'none',
      peer: {
        name: 'eth0',
        netns: inside.path,
        ifindex: 12,
        mac: PEER_MAC,
        mtu: 1400,
        up: true,
        alias: 'plumb:xwing',
        addrGenMode: 'none',
      },
    },
  ]);
  const near = host.ip('link', 'show', 'lxc1')[0];
  expect(near).toMatchObject({
    ifindex: 65_600,
    address: HOST_MAC,
    mtu: 1400,
    ifalias: 'plumb:hoth',
    operstate: 'UP',
    inet6_addr_gen_mode: 'none',
    link_index: 12,
    linkinfo: { info_kind: 'veth' },
  });
  const far = inside.ip('link', 'show', 'eth0')[0];
  expect(far).toMatchObject({
    ifindex: 12,
    address: PEER_MAC,
    mtu: 1400,
    ifalias: 'plumb:xwing',
    operstate: 'UP',
    inet6_addr_gen_mode: 'none',
    link_index: 65_600,
  });
  const addresses = [...(await host.netlink.addresses()), ...(await inside.netlink.addresses())];
  expect(addresses.filter((address) => address.ifindex !== 1)).toEqual([]);
});

test('links are read as ip(8) prints them', async () => {
  const [host, inside] = [await TestNetns.withBridge(), await TestNetns.make()];
  await host.netlink.batch([
    { op: 'link-add', name: 'a', kind: 'veth', peer: { name: 'b', up: true }, master: BRIDGE },
    { op: 'link-add', name: 'c', kind: 'veth', up: true, peer: { name: 'd', netns: inside.path } },
    {
      op: 'link-add',
      name: 'vx',
      kind: 'vxlan',
      alias: 'tunnel',
      vxlan: { external: true, port: 4790, learning: false },
    },
  ]);
  for (const netns of [host, inside]) {
    const read = (await netns.netlink.links()).map((link) => ({
      ifindex: link.ifindex,
      ifname: link.name,
      address: link.mac,
      mtu: link.mtu,
      up: link.up,
      ifalias: link.alias,
      kind: link.kind,
      inet6_addr_gen_mode: link.addrGenMode,
      master: link.master === undefined ? undefined : netns.deviceName(link.master),
      link_netnsid: link.peerNsid,
    }));
    const printed = netns.ip('link').map((link) => ({
      ifindex: link['ifindex'],
      ifname: link['ifname'],
      address: link['address'],
      mtu: link['mtu'],
      up: (link['flags'] as string[]).includes('UP'),
      ifalias: link['ifalias'],
      kind: (link['linkinfo'] as { info_kind?: string } | undefined)?.info_kind,
      inet6_addr_gen_mode: link['inet6_addr_gen_mode'],
      master: link['master'],
      link_netnsid: link['link_netnsid'],
    }));
    expect(read.length).toBeGreaterThan(1);
    expect(read).toEqual(printed);
  }
  expect(host.ip('link', 'show', 'vx')[0]).toMatchObject({
    linkinfo: { info_data: { external: true, port: 4790, learning: false } },
  });
});

test('each end of a veth pair names the other by its namespace and number', async () => {
  const [host, inside, stranger] = [
    await TestNetns.make(),
    await TestNetns.make(),
    await TestNetns.make(),
  ];
  await host.netlink.batch([
    { op: 'link-add', name: 'x', kind: 'veth', peer: { name: 'y', netns: inside.path } },
  ]);
  const near = (await host.netlink.links()).find((link) => link.name === 'x');
  const far = (await inside.netlink.links()).find((link) => link.name === 'y');
  expect(near?.peerIfindex).toBe(far?.ifindex);
  expect(far?.peerIfindex).toBe(near?.ifindex);
  expect(near?.peerNsid).toBe(await host.netlink.nsid(inside.path));
  expect(far?.peerNsid).toBe(await inside.netlink.nsid(host.path));
  expect(near?.peerNsid).toBeDefined();
  expect(await host.netlink.nsid(stranger.path)).toBeUndefined();
});

test('a link can be made in another namespace than that of the socket', async () => {
  const [host, inside] = [await TestNetns.make(), await TestNetns.make()];
  await host.netlink.batch([
    { op: 'link-add', name: 'br7', kind: 'bridge', netns: inside.path, alias: 'there', up: true },
  ]);
  expect(host.ip('link').map((link) => link['ifname'])).toEqual(['lo']);
  const made = inside.ip('link', 'show', 'br7')[0];
  expect(made).toMatchObject({ ifalias: 'there' });
  expect(made?.['flags']).toContain('UP');
});

test('a link is changed in place, renamed, moved and deleted', async () => {
  const [host, inside] = [await TestNetns.withBridge(), await TestNetns.make()];
  await host.netlink.batch([
    { op: 'link-set', ifindex: BRIDGE, up: false },
    {
      op: 'link-set',
      ifindex: BRIDGE,
      name: 'renamed',
      alias: 'new alias',
      mac: HOST_MAC,
      mtu: 1280,
      addrGenMode: 'eui64',
    },
  ]);
  const changed = host.ip('link', 'show', 'renamed')[0];
  expect(changed).toMatchObject({
    ifindex: BRIDGE,
    ifalias: 'new alias',
    address: HOST_MAC,
    mtu: 1280,
    inet6_addr_gen_mode: 'eui64',
  });
  expect(changed?.['flags']).not.toContain('UP');

  await host.netlink.batch([{ op: 'link-set', ifindex: BRIDGE, alias: '' }]);
  expect(
    (await host.netlink.links()).find((link) => link.ifindex === BRIDGE)?.alias,
  ).toBeUndefined();

  await host.netlink.batch([
    { op: 'link-add', name: 'v', kind: 'veth', ifindex: 80_000, peer: { name: 'w' } },
    { op: 'link-set', ifindex: 80_000, netns: inside.path },
    { op: 'link-delete', ifindex: BRIDGE },
  ]);
  expect(host.ip('link').map((link) => link['ifname'])).toEqual(['lo', 'w']);
  expect(inside.ip('link').map((link) => link['ifname'])).toEqual(['lo', 'v']);
});

test.each([
  ['its own', { alias: 'x'.repeat(300) }, {}],
  ["its peer's", {}, { alias: 'x'.repeat(300) }],
])('a link that cannot get %s alias does not stay', async (_, near, far) => {
  const [host, inside] = [await TestNetns.make(), await TestNetns.make()];
  const error = await failureOf(host.netlink, [
    {
      op: 'link-add',
      name: 'half',
      kind: 'veth',
      up: true,
      ...near,
      peer: { name: 'half0', netns: inside.path, up: true, ...far },
    },
  ]);
  expect(error).toMatchObject({ index: 0, request: 'link-add half' });
  expect(host.ip('link').map((link) => link['ifname'])).toEqual(['lo']);
  expect(inside.ip('link').map((link) => link['ifname'])).toEqual(['lo']);
});

test('a link whose name is taken is refused, and the one that has the name is not touched', async () => {
  const host = await TestNetns.withBridge();
  await host.netlink.batch([{ op: 'link-set', ifindex: BRIDGE, alias: 'a stranger', up: false }]);
  const error = await failureOf(host.netlink, [
    { op: 'link-add', name: 'br0', kind: 'bridge', alias: 'ours', addrGenMode: 'eui64', up: true },
  ]);
  expect(error).toMatchObject({ code: 'EEXIST', request: 'link-add br0' });
  const stranger = host.ip('link', 'show', 'br0')[0];
  expect(stranger).toMatchObject({ ifalias: 'a stranger', inet6_addr_gen_mode: 'none' });
  expect(stranger?.['flags']).not.toContain('UP');
});
