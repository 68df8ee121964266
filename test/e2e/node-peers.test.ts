import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TwoNodes, type Mode } from './two-nodes.js';

/** A port for each way to speak of a node, in either direction. */
const program = (mode: Mode): string => `
import { App, Cluster, Endpoint, NetworkPolicy, Node, tcp } from 'plumbline';

const app = new App();
const cluster = new Cluster(app, 'rebels', { mode: '${mode}' });
const range = (n: number) => ({
  podCIDRs: ['10.6.' + n + '.0/24', 'fd06:' + n + '::/64'],
  devices: ['up0', 'out0'],
  allowLocalhost: false,
});
const luke = new Node(cluster, 'luke', {
  ...range(1),
  addresses: ['192.0.2.1', '2001:db8:2::1', '198.51.100.1', '2001:db8:51::1'],
});
new Node(cluster, 'leia', {
  ...range(2),
  addresses: ['192.0.2.2', '2001:db8:2::2'],
  labels: { role: 'worker' },
});
// Of no cluster: no way leads to its endpoints, and it is known all the same.
new Node(app, 'lando', {
  ...range(3),
  addresses: ['198.51.100.9', '2001:db8:51::9'],
  isApiServer: true,
});
const endpoint = (name: string, last: number) =>
  new Endpoint(luke, name, {
    labels: { app: name },
    addresses: ['10.6.1.' + last, 'fd06:1::' + last],
    netns: 'npeer-' + name,
  });
endpoint('server', 21);
endpoint('client', 11);
endpoint('other', 12);
const worker = [{ matchLabels: { role: 'worker' } }];
new NetworkPolicy(app, 'server', {
  endpointSelector: { matchLabels: { app: 'server' } },
  ingress: [
    { fromEntities: ['host'], toPorts: [tcp(8001)] },
    { fromEntities: ['remote-node'], toPorts: [tcp(8002)] },
    { fromEntities: ['kube-apiserver'], toPorts: [tcp(8003)] },
    { fromNodes: worker, toPorts: [tcp(8004)] },
  ],
});
new NetworkPolicy(app, 'client', {
  endpointSelector: { matchLabels: { app: 'client' } },
  egress: [
    { toEntities: ['host'], toPorts: [tcp(8001)] },
    { toEntities: ['remote-node'], toPorts: [tcp(8002)] },
    { toEntities: ['kube-apiserver'], toPorts: [tcp(8003)] },
    { toNodes: worker, toPorts: [tcp(8004)] },
  ],
});
`;

const PORTS = [8001, 8002, 8003, 8004];
const SERVER = ['10.6.1.21', 'fd06:1::21'];

describe.each<Mode>(['tunnel', 'routes'])(
  'a policy of an endpoint about nodes, in mode %s',
  (mode) => {
    let nodes: TwoNodes;

    beforeAll(async () => {
      nodes = new TwoNodes(`npeer-${mode}`);
      await nodes.apply(program(mode));
      await nodes.agent('luke', nodes.luke.netns);
      await nodes.agent('leia', nodes.leia.netns);
      await nodes.agent('lando', nodes.world);
      for (const name of ['server', 'client', 'other']) await nodes.agent(name, `npeer-${name}`);
      for (const agent of nodes.agents.values())
        for (const port of PORTS) await agent.serve('tcp', port, 'one');
    });

    afterAll(() => nodes.dispose());

    /** Ports that answered in both families; those that answered in one only are told apart. */
    async function open(from: string, to: readonly string[], expected: readonly number[]) {
      const tries = PORTS.map(async (port) => {
        const timeout = expected.includes(port) ? 5000 : 300;
        const probe = (address: string) =>
          nodes.agents.get(from)!.probe('tcp', address, port, { timeout });
        const answers = await Promise.all(to.map(probe));
        const answered = to.filter((_, i) => answers[i] !== undefined);
        if (answered.length === 0) return [];
        return answered.length === to.length ? [port] : [`${port} of ${answered.join()}`];
      });
      return (await Promise.all(tries)).flat();
    }

    it.concurrent.each([
      ['the node itself as host', 'luke', [8001]],
      ['another node as remote-node, and by its labels', 'leia', [8002, 8004]],
      ['an API server’s node as that, and as remote-node', 'lando', [8002, 8003]],
      ['an endpoint as none of them', 'other', []],
    ])('knows %s', async (_, from, ports) => {
      expect(await open(from, SERVER, ports)).toEqual(ports);
    });

    it.concurrent.each([
      ['the node itself as host', ['10.6.1.1', 'fd06:1::1'], [8001]],
      ['the node itself by its other addresses', ['192.0.2.1', '2001:db8:2::1'], [8001]],
      [
        'another node as remote-node, and by its labels',
        ['192.0.2.2', '2001:db8:2::2'],
        [8002, 8004],
      ],
      [
        'an API server’s node as that, and as remote-node',
        ['198.51.100.9', '2001:db8:51::9'],
        [8002, 8003],
      ],
      ['an endpoint as none of them', ['10.6.1.12', 'fd06:1::12'], []],
    ])('sends to %s', async (_, to, ports) => {
      expect(await open('client', to, ports)).toEqual(ports);
    });
  },
);
