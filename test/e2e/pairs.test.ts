import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transport } from '../traffic/agent.js';
import { Drops } from './drops.js';
import { TwoNodes, type Mode } from './two-nodes.js';

type Pair = readonly [four: string, six: string];

/** How the nodes of a cluster reach each other, and what that leaves of a packet of 1,500 bytes. */
const WAYS = [
  { name: 'tunnel', mode: 'tunnel', families: [4, 6], mtu: 1450 },
  { name: 'tunnel over IPv6', mode: 'tunnel', families: [6], mtu: 1430 },
  { name: 'routes', mode: 'routes', families: [4, 6], mtu: 1500 },
] as const satisfies readonly { mode: Mode; [more: string]: unknown }[];
type Way = (typeof WAYS)[number];

const program = ({ mode, families }: Way): string => `
import { App, Cluster, Endpoint, NetworkPolicy, Node, Service, tcp, udp } from 'plumbline';

const app = new App();
const cluster = new Cluster(app, 'rebels', { mode: '${mode}' });
const families: number[] = [${families.join()}];
const node = (name: string, n: number, addresses: string[]) =>
  new Node(cluster, name, {
    podCIDRs: ['10.6.' + n + '.0/24', 'fd06:' + n + '::/64'],
    addresses: addresses.filter((address) => families.includes(address.includes(':') ? 6 : 4)),
    devices: ['up0', 'out0'],
    allowLocalhost: false,
    masquerade: true,
  });
const luke = node('luke', 1, ['192.0.2.1', '2001:db8:2::1', '198.51.100.1', '2001:db8:51::1']);
const leia = node('leia', 2, ['192.0.2.2', '2001:db8:2::2', '203.0.113.1', '2001:db8:71::1']);
const endpoint = (on: Node, n: number, name: string, last: number) =>
  new Endpoint(on, name, {
    labels: { app: name.split('-')[0] ?? '' },
    addresses: ['10.6.' + n + '.' + last, 'fd06:' + n + '::' + last],
    netns: 'pairs-' + name,
  });
endpoint(luke, 1, 'client-1', 11);
endpoint(luke, 1, 'muted-1', 12);
endpoint(luke, 1, 'open-1', 21);
endpoint(luke, 1, 'shut-1', 22);
endpoint(leia, 2, 'client-2', 11);
endpoint(leia, 2, 'muted-2', 12);
endpoint(leia, 2, 'open-2', 21);
endpoint(leia, 2, 'shut-2', 22);
for (const n of [1, 2]) {
  new Service(app, 'service-' + n, {
    addresses: ['10.96.0.' + n, 'fd96::' + n],
    ports: [{ port: 80, targetPort: 8080 }, { port: 53, targetPort: 5353, protocol: 'UDP' }],
    selector: { matchLabels: { app: n === 1 ? 'open' : 'shut' } },
  });
}
const icmps = [{ fields: [{ type: 8 }, { family: 'IPv6' as const, type: 128 }] }];
const anyPeer = ['cluster', 'host', 'remote-node', 'world'] as const;
new NetworkPolicy(app, 'open', {
  endpointSelector: { matchLabels: { app: 'open' } },
  ingress: [
    { fromEntities: [...anyPeer], toPorts: [tcp(80), tcp(8080), udp(53), udp(5353)] },
    { fromEntities: [...anyPeer], icmps },
  ],
});
new NetworkPolicy(app, 'shut', {
  endpointSelector: { matchLabels: { app: 'shut' } },
  ingress: [{ fromEndpoints: [] }],
});
new NetworkPolicy(app, 'muted', {
  endpointSelector: { matchLabels: { app: 'muted' } },
  egress: [{ toEndpoints: [] }],
});
`;

const LUKE = { open: ['10.6.1.21', 'fd06:1::21'], shut: ['10.6.1.22', 'fd06:1::22'] } as const;
const LEIA = { open: ['10.6.2.21', 'fd06:2::21'], shut: ['10.6.2.22', 'fd06:2::22'] } as const;
const OPEN: Pair = ['10.96.0.1', 'fd96::1'];
const SHUT: Pair = ['10.96.0.2', 'fd96::2'];
const BACKEND_PORTS = [8080, 5353];
const DIRECT_PORTS = [80, 53, 0];
const TRANSPORTS: readonly Transport[] = ['tcp', 'udp', 'icmp'];
const WITH_PORTS: readonly Transport[] = ['tcp', 'udp'];
/** Milliseconds. Who is let in has time, since it does not take any; of a drop there is an event. */
const [PATIENT, BRIEF] = [5000, 400];

describe.each(WAYS)('with $name between nodes', (way) => {
  let nodes: TwoNodes;
  let drops: Drops;

  beforeAll(async () => {
    nodes = new TwoNodes(`pairs-${way.mode}${way.mtu}`);
    await nodes.apply(program(way));
    drops = new Drops(nodes.luke, nodes.leia);
    const opened = [
      ...['client', 'muted', 'open', 'shut'].flatMap((name) =>
        [1, 2].map((n) => nodes.agent(`${name}-${n}`, `pairs-${name}-${n}`)),
      ),
      nodes.agent('luke', nodes.luke.netns),
      nodes.agent('leia', nodes.leia.netns),
      nodes.agent('world', nodes.world),
    ];
    await Promise.all(opened);
    for (const [name, agent] of nodes.agents) {
      if (/^(client|muted)/.test(name)) continue;
      for (const port of [80, 8080]) await agent.serve('tcp', port, name);
      for (const port of [53, 5353]) await agent.serve('udp', port, name);
    }
  });

  afterAll(async () => {
    await nodes.dispose();
    drops.close();
  });

  /** Transports and families in which an answer came back, as `tcp4`. */
  const reached = async (
    from: string,
    to: Pair,
    timeout: number,
    transports = TRANSPORTS,
  ): Promise<string[]> => {
    const agent = nodes.agents.get(from)!;
    const tries = transports.flatMap((transport) =>
      to.map(async (address, i) => {
        const port = transport === 'tcp' ? 80 : 53;
        const answer = await agent.probe(transport, address, port, { timeout });
        return answer === undefined || answer.server === 'refused'
          ? []
          : [`${transport}${i === 0 ? '4' : '6'}`];
      }),
    );
    return (await Promise.all(tries)).flat();
  };
  const all = (transports = TRANSPORTS): string[] =>
    transports.flatMap((transport) => [`${transport}4`, `${transport}6`]);

  it('plans nothing after it was applied, on either node', async () => {
    for (const node of [nodes.luke, nodes.leia]) {
      const again = await nodes.plan(node);
      expect(again.stdout).toContain('nothing to change');
      expect(again.code).toBe(0);
    }
  });

  it.concurrent.each([
    ['an endpoint of its node', 'client-1', 'client-1', LUKE],
    ['an endpoint of the other node', 'client-2', 'client-2', LUKE],
    ['an endpoint, to the other node', 'client-1', 'client-1', LEIA],
    ['its host', 'luke', 'reserved:host', LUKE],
    ['the host of the other node', 'leia', 'reserved:remote-node', LUKE],
    ['the world', 'world', 'reserved:world', LUKE],
    ['the world, to the other node', 'world', 'reserved:world', LEIA],
  ] as const)('%s reaches an endpoint that lets it in, and no other', async (_, by, from, to) => {
    const [open, shut] = await Promise.all([
      reached(by, to.open, PATIENT),
      reached(by, to.shut, BRIEF),
    ]);
    expect(open).toEqual(all());
    expect(shut).toEqual([]);
    const wanted = { from: [from], to: to.shut, ports: DIRECT_PORTS };
    await drops.tell(wanted, all(), 'ingress policy-default-deny');
  });

  // A server that listens on all addresses answers from the one that its routes prefer.
  const hosts: Readonly<Record<1 | 2, Pair>> =
    way.mode === 'tunnel'
      ? { 1: ['10.6.1.1', 'fd06:1::1'], 2: ['10.6.2.1', 'fd06:2::1'] }
      : { 1: ['192.0.2.1', '2001:db8:2::1'], 2: ['192.0.2.2', '2001:db8:2::2'] };

  it.concurrent.each<[string, 1 | 2, Pair]>([
    ['an endpoint of its node', 1, LUKE.open],
    ['an endpoint of the other node', 1, LEIA.open],
    ['its host', 1, ['10.6.1.1', 'fd06:1::1']],
    ['the host of the other node', 1, hosts[2]],
    ['the world', 1, ['198.51.100.9', '2001:db8:51::9']],
    ['an endpoint of its node, the second', 2, LEIA.open],
    ['an endpoint of the first node', 2, LUKE.open],
    ['its host, the second', 2, ['10.6.2.1', 'fd06:2::1']],
    ['the host of the first node', 2, hosts[1]],
    ['the world beyond the second node', 2, ['203.0.113.9', '2001:db8:71::9']],
  ])('%s is reached by an endpoint that may send, and by no other', async (_, n, to) => {
    const [sent, muted] = await Promise.all([
      reached(`client-${n}`, to, PATIENT),
      reached(`muted-${n}`, to, BRIEF),
    ]);
    expect(sent).toEqual(all());
    expect(muted).toEqual([]);
    const wanted = { from: [`muted-${n}`], to, ports: DIRECT_PORTS };
    await drops.tell(wanted, all(), 'egress policy-default-deny');
  });

  it.concurrent.each([
    ['an endpoint', 'client-1', ['client-1']],
    ['an endpoint of the other node', 'client-2', ['client-2']],
    // What they are to a back-end depends on which node that is on.
    ['its host', 'luke', ['reserved:host', 'reserved:remote-node']],
    ['the host of the other node', 'leia', ['reserved:host', 'reserved:remote-node']],
    ['the world', 'world', ['reserved:world']],
  ])('a service is reached by %s, as its back-ends let it', async (_, by, from) => {
    const [shut, ...open] = await Promise.all([
      reached(by, SHUT, BRIEF, WITH_PORTS),
      ...[1, 2, 3].map(() => reached(by, OPEN, PATIENT, WITH_PORTS)),
    ]);
    expect(open).toEqual(open.map(() => all(WITH_PORTS)));
    expect(shut).toEqual([]);
    const wanted = { from, to: [...LUKE.shut, ...LEIA.shut], ports: BACKEND_PORTS };
    await drops.tell(wanted, all(WITH_PORTS), 'ingress policy-default-deny');
  });

  it.concurrent.each([1, 2])('a service is not reached by muted-%i', async (n) => {
    const from = `muted-${n}`;
    expect(await reached(from, OPEN, BRIEF, WITH_PORTS)).toEqual([]);
    const wanted = { from: [from], to: [...LUKE.open, ...LEIA.open], ports: BACKEND_PORTS };
    await drops.tell(wanted, all(WITH_PORTS), 'egress policy-default-deny');
  });

  it.each([
    ['client-1', '198.51.100.9', '198.51.100.1'],
    ['client-1', '2001:db8:51::9', '2001:db8:51::1'],
    ['client-2', '203.0.113.9', '203.0.113.1'],
    ['client-2', '2001:db8:71::9', '2001:db8:71::1'],
  ])('the world hears %s at %s in the name of its node', async (name, world, node) => {
    const client = nodes.agents.get(name)!;
    expect(await client.probe('tcp', world, 80)).toMatchObject({ client: node });
    expect(await client.probe('udp', world, 53)).toMatchObject({ client: node });
  });

  it('shows a change of its nft table as drift, and restores it', async () => {
    const nft = (...args: string[]): string =>
      execFileSync('nsenter', [`--net=/run/netns/${nodes.luke.netns}`, 'nft', ...args], {
        encoding: 'utf8',
      });
    nft('flush', 'chain', 'inet', 'plumb', 'postrouting');
    nft('add', 'table', 'inet', 'strangers');
    const drift = await nodes.plan(nodes.luke);
    expect(drift.code).toBe(2);
    expect(drift.stdout).toContain('~ nft table inet plumb');
    expect(drift.stdout).not.toContain('strangers');
    await nodes.apply(program(way), nodes.luke);
    expect((await nodes.plan(nodes.luke)).code).toBe(0);
    expect(nft('list', 'table', 'inet', 'plumb').match(/masquerade/g)).toHaveLength(2);
  });

  it(`carries datagrams that fill a packet of ${way.mtu} bytes, and larger ones`, async () => {
    expect(nodes.luke.ip('link', 'show', 'lxcclient-1')).toContain(`mtu ${way.mtu} `);
    const agent = nodes.agents.get('client-1')!;
    for (const [i, address] of LEIA.open.entries()) {
      const headers = i === 0 ? 20 + 8 : 40 + 8;
      for (const bytes of [way.mtu - headers, 8000])
        expect(await agent.probe('udp', address, 53, { bytes })).toBeDefined();
    }
  });
});
