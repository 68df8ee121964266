import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TwoNodes } from './two-nodes.js';

const PROGRAM = `
import { App, Cluster, Endpoint, icmp, icmpv6, NetworkPolicy, Node, tcp, udp } from 'plumbline';

const app = new App();
const cluster = new Cluster(app, 'rebels', { mode: 'tunnel' });
const luke = new Node(cluster, 'luke', {
  podCIDRs: ['10.6.1.0/24', 'fd06:1::/64'],
  addresses: ['192.0.2.1', '2001:db8:2::1', '198.51.100.1', '2001:db8:51::1'],
  devices: ['up0', 'out0'],
  labels: { role: 'edge' },
  masquerade: true,
});
const leia = new Node(cluster, 'leia', {
  podCIDRs: ['10.6.2.0/24', 'fd06:2::/64'],
  addresses: ['192.0.2.2', '2001:db8:2::2'],
  devices: ['up0'],
});
new Endpoint(luke, 'one', { labels: { app: 'one' }, addresses: ['10.6.1.11', 'fd06:1::11'], netns: 'npol-one' });
new Endpoint(leia, 'two', { labels: { app: 'two' }, addresses: ['10.6.2.11', 'fd06:2::11'], netns: 'npol-two' });
const pings = [{ fields: [icmp('EchoRequest'), icmpv6('EchoRequest')] }];
new NetworkPolicy(app, 'edge', {
  nodeSelector: { matchLabels: { role: 'edge' } },
  ingress: [
    { fromEntities: ['world'], toPorts: [tcp(80), udp(54)] },
    { fromEntities: ['world'], icmps: pings },
  ],
  egress: [
    { toEntities: ['world'], toPorts: [udp(53), tcp(81)] },
    { toEntities: ['world'], icmps: pings },
  ],
});
`;

const NODE = ['198.51.100.1', '2001:db8:51::1'] as const;
const WORLD = ['198.51.100.9', '2001:db8:51::9'] as const;
/** Of the link between the nodes. */
const INSIDE = {
  luke: ['192.0.2.1', '2001:db8:2::1'],
  leia: ['192.0.2.2', '2001:db8:2::2'],
} as const;

describe.sequential('a policy about a node', () => {
  let nodes: TwoNodes;

  beforeAll(async () => {
    nodes = new TwoNodes('npol');
    await nodes.apply(PROGRAM);
    await nodes.agent('luke', nodes.luke.netns);
    await nodes.agent('leia', nodes.leia.netns);
    await nodes.agent('world', nodes.world);
    await nodes.agent('one', 'npol-one');
    await nodes.agent('two', 'npol-two');
    for (const [name, agent] of nodes.agents) {
      for (const port of [80, 81]) await agent.serve('tcp', port, name);
      for (const port of [53, 54]) await agent.serve('udp', port, name);
    }
  });

  afterAll(() => nodes.dispose());

  const agent = (name: string) => nodes.agents.get(name)!;

  it('plans nothing after it was applied', async () => {
    expect((await nodes.plan(nodes.luke)).code).toBe(0);
  });

  /** What answers somebody at an address, of all that anybody listens to, as `tcp80`. */
  async function open(from: string, to: string): Promise<string[]> {
    const tries = [
      ...[80, 81].map((port) => ['tcp', port] as const),
      ...[53, 54].map((port) => ['udp', port] as const),
      ['icmp', 0] as const,
    ].map(async ([transport, port]) => {
      const answer = await agent(from).probe(transport, to, port);
      return answer === undefined ? [] : [`${transport}${port === 0 ? '' : port}`];
    });
    return (await Promise.all(tries)).flat();
  }

  it.concurrent.each(NODE)(
    'lets the world reach %s where it says so, and nowhere else',
    async (node) => {
      expect(await open('world', node)).toEqual(['tcp80', 'udp54', 'icmp']);
    },
  );

  it.concurrent.each(WORLD)(
    'lets the node reach %s where it says so, and nowhere else',
    async (world) => {
      expect(await open('luke', world)).toEqual(['tcp81', 'udp53', 'icmp']);
    },
  );

  it.concurrent.each([
    ['leia', INSIDE.luke],
    ['luke', INSIDE.leia],
  ] as const)(
    'lets %s reach the other node nowhere: the world is another peer',
    async (from, to) => {
      for (const address of to) expect(await open(from, address)).toEqual([]);
    },
  );

  it('is not about endpoints: through the tunnel, and to the world in the node’s name', async () => {
    for (const two of ['10.6.2.11', 'fd06:2::11'])
      expect(await agent('one').probe('tcp', two, 80)).toMatchObject({ server: 'two' });
    for (const world of WORLD)
      expect(await agent('one').probe('tcp', world, 81)).toMatchObject({ server: 'world' });
  });

  it('goes with the policy', async () => {
    await nodes.apply(
      PROGRAM.replace(/const pings[\s\S]*$/, '').replace(
        / icmp, icmpv6, NetworkPolicy,|, tcp, udp/g,
        '',
      ),
    );
    for (const node of NODE)
      expect(await agent('world').probe('tcp', node, 81)).toMatchObject({ server: 'luke' });
  });
});
