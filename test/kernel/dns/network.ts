import { TestNetns } from '../../iproute2-netlink/support.js';

export interface Addresses {
  readonly client: string;
  readonly server: string;
}

export const V4: Addresses = { client: '10.97.1.2', server: '10.97.2.2' };
export const V6: Addresses = { client: 'fd97:1::2', server: 'fd97:2::2' };

/** A client and a server that reach each other only through the sockets of a third namespace. */
export interface Network {
  readonly client: TestNetns;
  readonly proxy: TestNetns;
  readonly server: TestNetns;
}

export async function makeNetwork(): Promise<Network> {
  const [client, proxy, server] = [
    await TestNetns.make(),
    await TestNetns.make(),
    await TestNetns.make(),
  ];
  // who sends for others asks for neighbours by the address of the link
  for (const netns of [client, proxy, server]) netns.skipDuplicateDetection();
  const sides = [
    { far: client, device: 'c0', net: 1 },
    { far: server, device: 's0', net: 2 },
  ];
  for (const { far, device, net } of sides) {
    proxy.ip('link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far.name);
    for (const [netns, own, last] of [
      [proxy, device, 1],
      [far, 'eth0', 2],
    ] as const) {
      netns.ip('link', 'set', own, 'up');
      netns.ip('address', 'add', `10.97.${String(net)}.${String(last)}/24`, 'dev', own);
      const address = `fd97:${String(net)}::${String(last)}/64`;
      netns.ip('address', 'add', address, 'dev', own, 'nodad');
    }
    far.ip('route', 'add', 'default', 'via', `10.97.${String(net)}.1`);
    far.ip('-6', 'route', 'add', 'default', 'via', `fd97:${String(net)}::1`);
    for (const family of ['-4', '-6']) {
      proxy.ip(family, 'rule', 'add', 'iif', device, 'lookup', '100');
    }
  }
  for (const family of ['-4', '-6']) {
    proxy.ip(family, 'route', 'add', 'local', 'default', 'dev', 'lo', 'table', '100');
  }
  return { client, proxy, server };
}
