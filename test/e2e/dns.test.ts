import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpAgent } from '../traffic/http-agent.js';
import { TwoNodes } from './two-nodes.js';

const NAMES = `[{ matchPattern: '*.rebels.test' }]`;
const DESTINATION = `[{ matchName: 'base.rebels.test' }]`;

const program = (names: string, destination: string, mode = 'socket'): string => `
import { App, Cluster, Endpoint, NetworkPolicy, Node, tcp } from 'plumbline';

const app = new App();
const cluster = new Cluster(app, 'outer-rim', { mode: 'tunnel' });
const luke = new Node(cluster, 'luke', {
  podCIDRs: ['10.6.1.0/24', 'fd06:1::/64'], addresses: ['192.0.2.1', '2001:db8:2::1'],
  devices: ['up0', 'out0'], redirectMode: '${mode}',
});
new Node(cluster, 'leia', {
  podCIDRs: ['10.6.2.0/24', 'fd06:2::/64'], addresses: ['192.0.2.2', '2001:db8:2::2'],
  devices: ['up0'],
});
new Endpoint(luke, 'droid', {
  labels: { app: 'droid' }, addresses: ['10.6.1.31', 'fd06:1::31'], netns: 'dns-droid',
});
new NetworkPolicy(app, 'of-droid', {
  endpointSelector: { matchLabels: { app: 'droid' } },
  egress: [
    {
      toCIDR: ['198.51.100.9/32', '2001:db8:51::9/128'],
      toPorts: [{ ports: [{ port: 53, protocol: 'ANY' }], rules: { dns: ${names} } }],
    },
    { toFQDNs: ${destination}, toPorts: [tcp(8080)] },
  ],
});
`;

const SERVERS = ['198.51.100.9', '[2001:db8:51::9]'];
const AT = ['http://198.51.100.9:8080/', 'http://[2001:db8:51::9]:8080/'];

describe.sequential('rules of names', () => {
  let nodes: TwoNodes;
  let droid: HttpAgent;
  let world: HttpAgent;

  beforeAll(async () => {
    nodes = new TwoNodes('plumb-e2e-dns');
    await nodes.apply(program(NAMES, DESTINATION));
    droid = await HttpAgent.open('dns-droid');
    world = await HttpAgent.open(nodes.world);
    await world.serve(8080);
    await world.serveNames({
      'base.rebels.test': ['198.51.100.9', '2001:db8:51::9'],
      'moon.rebels.test': ['198.51.100.77'],
      'star.empire.test': ['198.51.100.66'],
    });
  }, 60_000);

  afterAll(async () => {
    droid.close();
    world.close();
    await nodes.dispose();
  });

  it('let nobody go to an address before its name was asked for', async () => {
    for (const url of AT) {
      expect(await droid.ask({ url, timeout: 700 })).toEqual({ error: 'timeout' });
    }
  });

  it.each(SERVERS)(
    'refuse names that none allows, and %s does not hear of them',
    async (server) => {
      await world.seen();
      expect(await droid.lookup('star.empire.test', server)).toEqual(['EREFUSED', 'EREFUSED']);
      expect(await world.seen()).toEqual([]);
    },
  );

  it.each(SERVERS)(
    'answer both queries of one port by %s, in the name of the client',
    async (server) => {
      await world.seen();
      expect(await droid.lookup('base.rebels.test', server)).toEqual([
        ['198.51.100.9'],
        ['2001:db8:51::9'],
      ]);
      const heard = await world.seen();
      const client = server.startsWith('[') ? 'fd06:1::31' : '10.6.1.31';
      expect(heard.map(({ url }) => url).sort()).toEqual([
        'base.rebels.test A',
        'base.rebels.test AAAA',
      ]);
      expect(new Set(heard.map((one) => one.client))).toEqual(new Set([client]));
      expect(await droid.lookup('nobody.rebels.test', server)).toEqual(['ENOTFOUND', 'ENOTFOUND']);
    },
  );

  it('let clients go to the addresses that they learned, and plans leave those alone', async () => {
    for (const url of AT) expect(await droid.ask({ url })).toMatchObject({ status: 200 });
    const plan = await nodes.plan(nodes.luke);
    expect(plan.stdout).toContain('nothing to change');
    expect(plan.code).toBe(0);
  });

  it('hold after another apply, which knows of no address', async () => {
    const more = `[{ matchPattern: '*.rebels.test' }, { matchName: 'a.b' }]`;
    await nodes.apply(program(more, DESTINATION), nodes.luke);
    for (const url of AT) expect(await droid.ask({ url })).toMatchObject({ status: 200 });
  });

  it('hold after the supervisor was killed and started again', async () => {
    const runDir = join(nodes.luke.root, 'run', nodes.luke.netns);
    expect(readFileSync(join(runDir, 'names.json'), 'utf8')).toContain('base.rebels.test');
    process.kill(Number(readFileSync(join(runDir, 'proxy/pid'), 'utf8')), 'SIGKILL');
    const plan = await nodes.plan(nodes.luke);
    expect(plan.code).toBe(2);
    expect(plan.stdout).toContain('proxy');
    for (const url of AT) expect(await droid.ask({ url })).toMatchObject({ status: 200 });
    await nodes.apply(program(NAMES, DESTINATION), nodes.luke);
    for (const url of AT) expect(await droid.ask({ url })).toMatchObject({ status: 200 });
    expect(await droid.lookup('base.rebels.test', SERVERS[0] ?? '')).toHaveLength(2);
  });

  it.each(['tproxy', 'nat'])('hold in mode %s', async (mode) => {
    await nodes.apply(program(NAMES, DESTINATION, mode), nodes.luke);
    for (const server of SERVERS) {
      await world.seen();
      const found = [['198.51.100.9'], ['2001:db8:51::9']];
      expect(await droid.lookup('base.rebels.test', server)).toEqual(found);
      expect(await droid.lookup('star.empire.test', server)).toEqual(['EREFUSED', 'EREFUSED']);
      const client = server.startsWith('[') ? 'fd06:1::31' : '10.6.1.31';
      expect((await world.seen()).map((one) => one.client)).toEqual([client, client]);
    }
    for (const url of AT) expect(await droid.ask({ url })).toMatchObject({ status: 200 });
  });

  it('close the way again for names that are no longer meant', async () => {
    await nodes.apply(program(NAMES, `[{ matchName: 'moon.rebels.test' }]`), nodes.luke);
    for (const url of AT) {
      expect(await droid.ask({ url, timeout: 700 })).toEqual({ error: 'timeout' });
    }
  });
});
