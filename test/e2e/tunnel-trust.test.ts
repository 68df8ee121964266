import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Drops } from './drops.js';
import { TwoNodes } from './two-nodes.js';

/** The world is a node too, but nobody's that keeps to the rules; the family is that of the tunnels. */
const program = (family: 4 | 6): string => `
import { App, Cluster, Endpoint, NetworkPolicy, Node, udp } from 'plumbline';

const app = new App();
const cluster = new Cluster(app, 'rebels', { mode: 'tunnel' });
const node = (name: string, n: number, address: string) =>
  new Node(cluster, name, {
    podCIDRs: ['10.6.' + n + '.0/24', 'fd06:' + n + '::/64'],
    addresses: [address],
    devices: ['out0'],
  });
const luke = node('luke', 1, '${family === 4 ? '198.51.100.1' : '2001:db8:51::1'}');
const lando = node('lando', 3, '${family === 4 ? '198.51.100.9' : '2001:db8:51::9'}');
const endpoint = (on: Node, n: number, app: string, last: number) =>
  new Endpoint(on, app, {
    labels: { app },
    addresses: ['10.6.' + n + '.' + last, 'fd06:' + n + '::' + last],
    netns: 'trust-' + app,
  });
endpoint(luke, 1, 'open', 21);
endpoint(luke, 1, 'neighbor', 22);
endpoint(lando, 3, 'friend', 11);
new NetworkPolicy(app, 'open', {
  endpointSelector: { matchLabels: { app: 'open' } },
  ingress: [{ fromEndpoints: [{ matchLabels: { app: 'friend' } }], toPorts: [udp(53)] }],
});
`;

const OPEN = ['10.6.1.21', 'fd06:1::21'] as const;
const BOTH = ['udp4', 'udp6'];
const NODE = { 4: '198.51.100.9', 6: '2001:db8:51::9' } as const;
/** Of the same machine, but no address of a node. */
const STRANGER = { 4: '198.51.100.66', 6: '2001:db8:51::66' } as const;
const LUKE = { 4: '198.51.100.1', 6: '2001:db8:51::1' } as const;
const DEVICE = 'lie0';

interface Lock {
  readonly identities: Readonly<Record<string, number>>;
}

describe.each([4, 6] as const)('what comes by VXLAN over IPv%i', (family) => {
  let nodes: TwoNodes;
  let drops: Drops;
  let friend: number;

  beforeAll(async () => {
    nodes = new TwoNodes(`trust-${family}`);
    await nodes.apply(program(family), nodes.luke);
    const lock = readFileSync(join(nodes.file.directory, 'plumb.lock.json'), 'utf8');
    const known = Object.entries((JSON.parse(lock) as Lock).identities);
    friend = known.find(([labels]) => labels.includes('friend'))?.[1] ?? 0;
    drops = new Drops(nodes.luke);
    const open = await nodes.agent('open', 'trust-open');
    await open.serve('udp', 53, 'open');
    await nodes.agent('world', nodes.world);
    inWorld('address', 'add', `${STRANGER[4]}/32`, 'dev', 'out0');
    inWorld('address', 'add', `${STRANGER[6]}/128`, 'dev', 'out0', 'nodad');
  });

  afterAll(async () => {
    await nodes.dispose();
    drops.close();
  });

  function inWorld(...args: readonly string[]): void {
    execFileSync('ip', ['-netns', nodes.world, ...args]);
  }

  /** How often the endpoint heard what was sent to it in a tunnel, in the name of the sources. */
  async function heard(outer: string, vni: number, sources: readonly string[]): Promise<number> {
    const before = await nodes.agents.get('open')!.heard(53);
    inWorld(
      ...['link', 'add', DEVICE, 'mtu', '1400', 'type', 'vxlan', 'id', String(vni)],
      ...['local', outer, 'remote', LUKE[family], 'dstport', '8472', 'noudp6zerocsumtx'],
    );
    try {
      inWorld('link', 'set', DEVICE, 'up');
      for (const [i, source] of sources.entries()) {
        const open = OPEN[i] ?? '';
        const nodad = open.includes(':') ? ['nodad'] : [];
        inWorld('address', 'add', source, 'dev', DEVICE, ...nodad);
        inWorld('neighbor', 'add', open, 'lladdr', '02:00:00:00:00:01', 'dev', DEVICE);
        inWorld('route', 'add', open, 'dev', DEVICE, 'src', source);
        // No answer finds the way back into this device: it would be of another identity.
        await nodes.agents.get('world')!.probe('udp', open, 53, { timeout: 200 });
      }
    } finally {
      inWorld('link', 'delete', DEVICE);
    }
    return (await nodes.agents.get('open')!.heard(53)) - before;
  }

  it('is believed of a node that speaks of an identity of the cluster', async () => {
    expect(await heard(NODE[family], friend, ['10.6.3.11', 'fd06:3::11'])).toBe(2);
  });

  it('is believed of nobody who is no node', async () => {
    const sources = ['10.6.3.12', 'fd06:3::12'];
    expect(await heard(STRANGER[family], friend, sources)).toBe(0);
    await drops.tell({ from: sources, to: OPEN }, BOTH, 'ingress untrusted-tunnel');
  });

  it.each([
    ['nobody', 0, 13],
    ['the host', 1, 14],
    ['the world', 2, 15],
    ['an API server', 7, 16],
    ['less than any of the cluster', 255, 17],
    ['more than any of the cluster', 65_536, 18],
    ['the largest there is', 0xffffff, 19],
  ])('is not believed of a node that speaks of %s', async (_, vni, last) => {
    const sources = [`10.6.3.${last}`, `fd06:3::${last}`];
    expect(await heard(NODE[family], vni, sources)).toBe(0);
    await drops.tell({ from: sources, to: OPEN }, BOTH, 'ingress untrusted-tunnel');
  });

  it('is not believed of a node that speaks for an endpoint of this one', async () => {
    const sources = ['10.6.1.22', 'fd06:1::22'];
    expect(await heard(NODE[family], friend, sources)).toBe(0);
    await drops.tell({ from: ['neighbor'], to: OPEN }, BOTH, 'ingress spoofed-source');
  });
});
