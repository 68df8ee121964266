import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrafficAgent } from '../traffic/agent.js';
import { TestNode } from './node.js';
import { ProgramCopy } from './program.js';

const program = (backends: string): string => `
import { App, Endpoint, NetworkPolicy, Node, Service, tcp, udp } from 'plumbline';

const app = new App();
const node = new Node(app, 'naboo', { podCIDRs: ['10.5.0.0/24', 'fd05::/64'] });
const endpoint = (name: string, last: number, labels: Record<string, string>) =>
  new Endpoint(node, name, { labels, addresses: ['10.5.0.' + last, 'fd05::' + last], netns: 'svc-' + name });
endpoint('client', 11, { app: 'client' });
endpoint('stranger', 12, { app: 'stranger' });
const [one, two] = [endpoint('one', 21, { app: 'web' }), endpoint('two', 22, { app: 'web' })];
const drained = { endpoint: two, weight: 0 };
new Service(app, 'web', {
  addresses: ['10.96.0.80', 'fd96::80'],
  ports: [{ port: 80, targetPort: 8080 }, { port: 53, protocol: 'UDP' }],
  ${backends}
});
new Service(app, 'sticky', {
  addresses: ['10.96.0.82', 'fd96::82'],
  ports: [{ port: 80, targetPort: 8080 }],
  selector: { matchLabels: { app: 'web' } },
  affinity: 600,
});
new Service(app, 'even', {
  addresses: ['10.96.0.83', 'fd96::83'],
  ports: [{ port: 80, targetPort: 8080 }],
  selector: { matchLabels: { app: 'web' } },
  algorithm: 'maglev',
});
new Service(app, 'heavy', {
  addresses: ['10.96.0.84', 'fd96::84'],
  ports: [{ port: 80, targetPort: 8080 }],
  backends: [{ endpoint: one, weight: 9 }, { endpoint: two, weight: 1 }],
});
new Service(app, 'self', {
  addresses: ['10.96.0.81', 'fd96::81'],
  ports: [{ port: 80, targetPort: 8080 }],
  backends: [{ endpoint: one }, drained],
});
new NetworkPolicy(app, 'to-web', {
  endpointSelector: { matchLabels: { app: 'web' } },
  ingress: [{ fromEndpoints: [{ matchLabels: { app: 'client' } }], toPorts: [tcp(8080), udp(53)] }],
});
`;

describe.sequential('a service on a node', () => {
  let node: TestNode;
  let file: ProgramCopy;
  const agents = new Map<string, TrafficAgent>();
  const agent = (name: string): TrafficAgent => agents.get(name)!;
  const apply = async (backends: string): Promise<void> => {
    writeFileSync(file.path, program(backends));
    const result = await node.plumb('apply', file.path, '--yes');
    expect(result.stderr).not.toContain('PLB_');
    expect(result.code).toBe(0);
  };

  beforeAll(async () => {
    file = new ProgramCopy();
    node = new TestNode('plumb-e2e-svc');
    await apply("selector: { matchLabels: { app: 'web' } },");
    for (const name of ['client', 'stranger', 'one', 'two'])
      agents.set(name, await TrafficAgent.open(`svc-${name}`));
    for (const name of ['one', 'two']) {
      await agent(name).serve('tcp', 8080, name);
      await agent(name).serve('udp', 53, name);
    }
  });

  afterAll(async () => {
    for (const one of agents.values()) one.close();
    await node.dispose();
    file.dispose();
  });

  it('plans nothing after it was applied', async () => {
    const again = await node.plumb('plan', file.path, '--detailed-exitcode');
    expect(again.code).toBe(0);
  });

  it.each(['10.96.0.80', 'fd96::80'])('%s is answered by its back-ends', async (vip) => {
    const servers = new Set<string>();
    for (let i = 0; i < 12; i++) {
      const answer = await agent('client').probe('tcp', vip, 80);
      expect(answer?.client).toBe(vip.includes(':') ? 'fd05::11' : '10.5.0.11');
      servers.add(answer?.server ?? '');
    }
    expect([...servers].sort()).toEqual(['one', 'two']);
    expect(await agent('client').probe('udp', vip, 53)).toBeDefined();
  });

  it.each(['10.96.0.80', 'fd96::80'])('%s is judged as its back-ends are', async (vip) => {
    expect(await agent('stranger').probe('tcp', vip, 80)).toBeUndefined();
    expect(await agent('stranger').probe('udp', vip, 53)).toBeUndefined();
    expect(await agent('client').probe('tcp', vip, 81)).toBeUndefined();
    expect(await agent('client').probe('icmp', vip, 0)).toBeUndefined();
  });

  it.each(['10.96.0.81', 'fd96::81'])('%s reaches the back-end that asks', async (vip) => {
    expect(await agent('one').probe('tcp', vip, 80)).toMatchObject({ server: 'one', client: vip });
  });

  it('carries datagrams that are too large for one packet', async () => {
    expect(await agent('client').probe('udp', '10.96.0.80', 53, { bytes: 4000 })).toBeDefined();
    expect(await agent('client').probe('udp', 'fd96::80', 53, { bytes: 4000 })).toBeDefined();
    expect(await agent('stranger').probe('udp', '10.5.0.21', 53, { bytes: 4000 })).toBeUndefined();
  });

  const serversOf = async (vip: string, count: number, from = 'client'): Promise<string[]> => {
    const tries = Array.from({ length: count }, () => agent(from).probe('tcp', vip, 80));
    return (await Promise.all(tries)).map((answer) => answer?.server ?? 'none');
  };

  it.each(['10.96.0.82', 'fd96::82'])('%s keeps a client on one back-end', async (vip) => {
    expect(new Set(await serversOf(vip, 12)).size).toBe(1);
  });

  it.each(['10.96.0.83', 'fd96::83'])('%s spreads clients by Maglev', async (vip) => {
    const servers = await serversOf(vip, 40);
    expect([...new Set(servers)].sort()).toEqual(['one', 'two']);
  });

  it.each(['10.96.0.84', 'fd96::84'])('%s gives back-ends their shares', async (vip) => {
    const servers = await serversOf(vip, 100);
    const count = servers.filter((name) => name === 'one').length;
    expect(servers).not.toContain('none');
    // Nine in ten; chance alone leaves this range once in more than ten million times.
    expect(count).toBeGreaterThan(70);
    expect(count).toBeLessThan(100);
  });

  it('keeps connections through changes of its back-ends, and sends new ones to the rest', async () => {
    await apply('backends: [{ endpoint: one }],');
    const vips = ['10.96.0.80', 'fd96::80'];
    const open = await Promise.all(
      [...vips, ...vips].map((vip) => agent('client').connect(vip, 80)),
    );
    const asked = await Promise.all(
      vips.map((vip) => agent('client').load('datagrams', vip, 53, 10)),
    );
    const all = async (): Promise<void> => {
      expect(await Promise.all(open.map((ask) => ask()))).toEqual(open.map(() => true));
    };
    await apply('backends: [{ endpoint: one }, { endpoint: two }],');
    const opened = await Promise.all(vips.map((vip) => serversOf(vip, 12)));
    for (const servers of opened) expect([...new Set(servers)].sort()).toEqual(['one', 'two']);
    await all();
    open.push(...(await Promise.all(vips.map((vip) => agent('client').connect(vip, 80)))));

    await apply('backends: [{ endpoint: one, weight: 0 }, { endpoint: two }],');
    const drained = await Promise.all(vips.map((vip) => serversOf(vip, 8)));
    expect(new Set(drained.flat())).toEqual(new Set(['two']));
    // Datagrams of a flow stay with a back-end that drains.
    expect(await heardOnce()).toBeGreaterThan(0);
    await all();

    await apply('backends: [{ endpoint: two }],');
    await all();
    expect(await heardOnce()).toBe(0);
    const counts = await Promise.all(asked.map((stop) => stop()));
    expect(counts.map(({ sent, answered }) => sent - answered)).toEqual([0, 0]);
  });

  /** How many datagrams `one` hears in a while. */
  async function heardOnce(): Promise<number> {
    const before = await agent('one').heard(53);
    await new Promise((done) => setTimeout(done, 150));
    return (await agent('one').heard(53)) - before;
  }

  it('moves in one step for the service, and one for its back-ends', async () => {
    writeFileSync(file.path, program('backends: [{ endpoint: one }],'));
    const plan = await node.json<{ steps: { action: string; kind: string; key: string }[] }>(
      'plan',
      file.path,
    );
    const touched = plan.steps.map(({ key }) => key.replace(/\/[0-9a-f]{8}$/, ''));
    expect(new Set(touched)).toEqual(
      new Set(['plumb_backends', 'plumb_members', 'plumb_services', 'plumb_config/epoch']),
    );
  });
});
