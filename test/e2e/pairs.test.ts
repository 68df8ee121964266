import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transport } from '../traffic/agent.js';
import { TwoNodes, type Mode } from './two-nodes.js';

const program = (mode: Mode): string => `
import { App, Cluster, Endpoint, NetworkPolicy, Node, Service, tcp, udp } from 'plumbline';

const app = new App();
const cluster = new Cluster(app, 'rebels', { mode: '${mode}' });
const node = (name: string, n: number, addresses: string[]) =>
  new Node(cluster, name, {
    podCIDRs: ['10.6.' + n + '.0/24', 'fd06:' + n + '::/64'],
    addresses,
    devices: ['up0'],
    allowLocalhost: false,
    masquerade: true,
  });
const luke = node('luke', 1, ['192.0.2.1', '2001:db8:2::1', '198.51.100.1', '2001:db8:51::1']);
const leia = node('leia', 2, ['192.0.2.2', '2001:db8:2::2']);
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
  new Service(app, 'local-' + n, {
    addresses: ['10.96.0.' + n, 'fd96::' + n],
    ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }],
    selector: { matchLabels: { app: n === 1 ? 'open' : 'shut' } },
  });
}
const icmps = [{ fields: [{ type: 8 }, { family: 'IPv6' as const, type: 128 }] }];
const anyPeer = ['cluster', 'host', 'remote-node', 'world'] as const;
new NetworkPolicy(app, 'open', {
  endpointSelector: { matchLabels: { app: 'open' } },
  ingress: [
    { fromEntities: [...anyPeer], toPorts: [tcp(80), udp(53)] },
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
const TRANSPORTS: readonly Transport[] = ['tcp', 'udp', 'icmp'];

describe.sequential.each<Mode>(['tunnel', 'routes'])('in mode %s', (mode) => {
  let nodes: TwoNodes;

  beforeAll(async () => {
    nodes = new TwoNodes(`pairs-${mode}`);
    await nodes.apply(program(mode));
    for (const n of [1, 2]) {
      for (const name of ['client', 'muted', 'open', 'shut'])
        await nodes.agent(`${name}-${n}`, `pairs-${name}-${n}`);
    }
    await nodes.agent('luke', nodes.luke.netns);
    await nodes.agent('leia', nodes.leia.netns);
    await nodes.agent('world', nodes.world);
    for (const [name, agent] of nodes.agents) {
      if (/^(client|muted)/.test(name)) continue;
      await agent.serve('tcp', 80, name);
      await agent.serve('udp', 53, name);
    }
  });

  afterAll(() => nodes.dispose());

  /** Transports and families in which an answer came back, as `tcp4`. */
  const reached = async (
    from: string,
    [four, six]: readonly [string, string],
    transports = TRANSPORTS,
  ): Promise<string[]> => {
    const agent = nodes.agents.get(from)!;
    const tries = transports.flatMap((transport) =>
      [four, six].map(async (address, i) => {
        const port = transport === 'tcp' ? 80 : 53;
        const answer = await agent.probe(transport, address, port, { timeout: 600 });
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

  it.each([
    ['an endpoint of its node', 'client-1', LUKE],
    ['an endpoint of the other node', 'client-2', LUKE],
    ['an endpoint, to the other node', 'client-1', LEIA],
    ['its host', 'luke', LUKE],
    ['the host of the other node', 'leia', LUKE],
    ['the world', 'world', LUKE],
  ] as const)('%s reaches an endpoint that lets it in, and no other', async (_, from, to) => {
    expect(await reached(from, to.open)).toEqual(all());
    expect(await reached(from, to.shut)).toEqual([]);
  });

  // A server that listens on all addresses answers from the one that its routes prefer.
  const otherHost: readonly [string, string] =
    mode === 'tunnel' ? ['10.6.2.1', 'fd06:2::1'] : ['192.0.2.2', '2001:db8:2::2'];

  it.each<[string, readonly [string, string]]>([
    ['an endpoint of its node', LUKE.open],
    ['an endpoint of the other node', LEIA.open],
    ['its host', ['10.6.1.1', 'fd06:1::1']],
    ['the host of the other node', otherHost],
    ['the world', ['198.51.100.9', '2001:db8:51::9']],
  ])('%s is reached by an endpoint that may send, and by no other', async (_, to) => {
    expect(await reached('client-1', to)).toEqual(all());
    expect(await reached('muted-1', to)).toEqual([]);
  });

  it.each([
    ['an endpoint', 'client-1'],
    ['an endpoint of the other node', 'client-2'],
    ['its host', 'luke'],
    ['the host of the other node', 'leia'],
  ])('a service is reached by %s, as its back-ends let it', async (_, from) => {
    const transports = ['tcp', 'udp'] as const;
    for (let i = 0; i < 3; i++)
      expect(await reached(from, ['10.96.0.1', 'fd96::1'], transports)).toEqual(all(transports));
    expect(await reached(from, ['10.96.0.2', 'fd96::2'], transports)).toEqual([]);
  });

  it.each([
    ['198.51.100.9', '198.51.100.1'],
    ['2001:db8:51::9', '2001:db8:51::1'],
  ])('the world at %s hears endpoints in the name of their node', async (world, node) => {
    const client = nodes.agents.get('client-1')!;
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
    await nodes.apply(program(mode));
    expect((await nodes.plan(nodes.luke)).code).toBe(0);
    expect(nft('list', 'table', 'inet', 'plumb').match(/masquerade/g)).toHaveLength(2);
  });

  it('carries datagrams that are larger than any packet', async () => {
    const agent = nodes.agents.get('client-1')!;
    for (const address of LEIA.open)
      expect(await agent.probe('udp', address, 53, { bytes: 8000 })).toBeDefined();
  });
});
