import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TwoNodes } from './two-nodes.js';

const PROGRAM = `
import { App, Cluster, Endpoint, NetworkPolicy, Node, tcp, udp } from 'plumbline';

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
new NetworkPolicy(app, 'edge', {
  nodeSelector: { matchLabels: { role: 'edge' } },
  ingress: [{ fromEntities: ['world'], toPorts: [tcp(80)] }],
  egress: [{ toEntities: ['world'], toPorts: [udp(53)] }],
});
`;

const NODE = ['198.51.100.1', '2001:db8:51::1'] as const;
const WORLD = ['198.51.100.9', '2001:db8:51::9'] as const;

describe.sequential('a policy about a node', () => {
  let nodes: TwoNodes;

  beforeAll(async () => {
    nodes = new TwoNodes('npol');
    await nodes.apply(PROGRAM);
    await nodes.agent('luke', nodes.luke.netns);
    await nodes.agent('world', nodes.world);
    await nodes.agent('one', 'npol-one');
    await nodes.agent('two', 'npol-two');
    for (const [name, agent] of nodes.agents) {
      for (const port of [80, 81]) await agent.serve('tcp', port, name);
      await agent.serve('udp', 53, name);
    }
  });

  afterAll(() => nodes.dispose());

  const agent = (name: string) => nodes.agents.get(name)!;

  it('plans nothing after it was applied', async () => {
    expect((await nodes.plan(nodes.luke)).code).toBe(0);
  });

  it.each(NODE)('lets the world reach %s where it says so, and nowhere else', async (node) => {
    expect(await agent('world').probe('tcp', node, 80)).toMatchObject({ server: 'luke' });
    expect(await agent('world').probe('tcp', node, 81)).toBeUndefined();
    expect(await agent('world').probe('udp', node, 53)).toBeUndefined();
    expect(await agent('world').probe('icmp', node, 0)).toBeUndefined();
  });

  it.each(WORLD)('lets the node reach %s where it says so, and nowhere else', async (world) => {
    expect(await agent('luke').probe('udp', world, 53)).toMatchObject({ server: 'world' });
    expect(await agent('luke').probe('tcp', world, 80)).toBeUndefined();
    expect(await agent('luke').probe('icmp', world, 0)).toBeUndefined();
  });

  it('is not about endpoints: through the tunnel, and to the world in the node’s name', async () => {
    for (const two of ['10.6.2.11', 'fd06:2::11'])
      expect(await agent('one').probe('tcp', two, 80)).toMatchObject({ server: 'two' });
    for (const world of WORLD)
      expect(await agent('one').probe('tcp', world, 81)).toMatchObject({ server: 'world' });
  });

  it('goes with the policy', async () => {
    await nodes.apply(
      PROGRAM.replace(/new NetworkPolicy[\s\S]*$/, '').replace(/, NetworkPolicy|, tcp, udp/g, ''),
    );
    for (const node of NODE)
      expect(await agent('world').probe('tcp', node, 81)).toMatchObject({ server: 'luke' });
  });
});
