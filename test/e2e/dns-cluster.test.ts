import type { Answer } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClient } from '../kernel/dns/client.js';
import { TestServer, type Received } from '../kernel/dns/server.js';
import { reply } from '../kernel/dns/setup.js';
import { HttpAgent } from '../traffic/http-agent.js';
import { TwoNodes } from './two-nodes.js';

const program = (mode: string): string => `
import { App, Cluster, Endpoint, NetworkPolicy, Node, Service, tcp } from 'plumbline';

const app = new App();
const cluster = new Cluster(app, 'outer-rim', { mode: 'tunnel' });
const luke = new Node(cluster, 'luke', {
  podCIDRs: ['10.6.1.0/24', 'fd06:1::/64'], addresses: ['192.0.2.1', '2001:db8:2::1'],
  devices: ['up0', 'out0'], redirectMode: '${mode}',
});
const leia = new Node(cluster, 'leia', {
  podCIDRs: ['10.6.2.0/24', 'fd06:2::/64'], addresses: ['192.0.2.2', '2001:db8:2::2'],
  devices: ['up0'],
});
const endpoint = (node: Node, name: string, addresses: string[]) =>
  new Endpoint(node, name, { labels: { app: name }, addresses, netns: 'dnsc-' + name });
endpoint(luke, 'client', ['10.6.1.31', 'fd06:1::31']);
const near = endpoint(luke, 'near', ['10.6.1.53', 'fd06:1::53']);
const far = endpoint(leia, 'far', ['10.6.2.53', 'fd06:2::53']);
const ports = ['UDP', 'TCP'].map((protocol) => ({ port: 53, protocol: protocol as 'UDP' | 'TCP' }));
new Service(app, 'near', { addresses: ['10.96.0.10', 'fd96::10'], ports, backends: [{ endpoint: near }] });
new Service(app, 'far', { addresses: ['10.96.0.11', 'fd96::11'], ports, backends: [{ endpoint: far }] });
new NetworkPolicy(app, 'of-client', {
  endpointSelector: { matchLabels: { app: 'client' } },
  egress: [
    {
      toEndpoints: [{ matchLabels: { app: 'near' } }, { matchLabels: { app: 'far' } }],
      toPorts: [{
        ports: [{ port: 53, protocol: 'ANY' }],
        rules: { dns: [{ matchPattern: '*.rebels.test' }] },
      }],
    },
    { toFQDNs: [{ matchName: 'base.rebels.test' }], toPorts: [tcp(8080)] },
  ],
});
`;

const CLIENT = { 4: '10.6.1.31', 6: 'fd06:1::31' };
const WAYS = (['udp', 'tcp'] as const).flatMap((transport) => [
  { transport, to: 'an endpoint of its node', family: 4 as const, server: '10.6.1.53' },
  { transport, to: 'an endpoint of its node', family: 6 as const, server: 'fd06:1::53' },
  { transport, to: 'an endpoint of another node', family: 4 as const, server: '10.6.2.53' },
  { transport, to: 'an endpoint of another node', family: 6 as const, server: 'fd06:2::53' },
  { transport, to: 'a service of its node', family: 4 as const, server: '10.96.0.10' },
  { transport, to: 'a service of its node', family: 6 as const, server: 'fd96::10' },
  { transport, to: 'a service of another node', family: 4 as const, server: '10.96.0.11' },
  { transport, to: 'a service of another node', family: 6 as const, server: 'fd96::11' },
]);
const AT = ['http://198.51.100.9:8080/', 'http://[2001:db8:51::9]:8080/'];

function addressesOf({ message }: Received): Buffer[] {
  const [question] = message.questions ?? [];
  if (question === undefined) return [];
  const { name } = question;
  const answer: Answer =
    question.type === 'AAAA'
      ? { name, type: 'AAAA', ttl: 60, data: '2001:db8:51::9' }
      : { name, type: 'A', ttl: 60, data: '198.51.100.9' };
  return [reply(message, [answer])];
}

describe.sequential('name servers in the cluster', () => {
  let nodes: TwoNodes;
  let client: HttpAgent;
  let world: HttpAgent;
  const inClient = { client: { path: '/run/netns/dnsc-client' } };

  beforeAll(async () => {
    nodes = new TwoNodes('plumb-e2e-dnsc');
    await nodes.apply(program('tproxy'));
    client = await HttpAgent.open('dnsc-client');
    world = await HttpAgent.open(nodes.world);
    await world.serve(8080);
  }, 60_000);

  afterAll(async () => {
    client.close();
    world.close();
    await nodes.dispose();
  });

  describe.each(['tproxy', 'nat', 'socket'])('in mode %s', (mode) => {
    beforeAll(async () => {
      await nodes.apply(program(mode), nodes.luke);
    });

    it.each(WAYS)(
      '$server, $to, is asked by $transport in the name of the client, and for what rules allow only',
      async ({ transport, family, server }) => {
        const servers = await Promise.all(
          ['near', 'far'].map((name) =>
            TestServer.start({ path: `/run/netns/dnsc-${name}` }, addressesOf),
          ),
        );
        const asking = await TestClient[transport](inClient, { client: CLIENT[family], server });
        expect(await asking.ask('star.empire.test', 'A', 5)).toMatchObject({
          ...{ id: 5, rcode: 'REFUSED' },
        });
        const answer = await asking.ask('base.rebels.test', family === 4 ? 'A' : 'AAAA', 6);
        expect(answer).toMatchObject({ id: 6, rcode: 'NOERROR', answers: [{ ttl: 60 }] });
        const received = servers.flatMap((one) => one.received);
        expect(received).toHaveLength(1);
        expect(received[0]).toMatchObject({ transport, path: { source: CLIENT[family] } });
      },
    );
  });

  it.each(AT)('%s may be reached then, and only at the port that a rule allows', async (url) => {
    expect(await client.ask({ url })).toMatchObject({ status: 200 });
    const other = url.replace('8080', '53');
    expect(await client.ask({ url: other, timeout: 700 })).toEqual({ error: 'timeout' });
  });
});
