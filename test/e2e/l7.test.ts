import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpAgent } from '../traffic/http-agent.js';
import { TwoNodes } from './two-nodes.js';

const NO = '🚫 keep out\n';

const program = (http: string): string => `
import { App, Cluster, Endpoint, NetworkPolicy, Node, Service, tcp } from 'plumbline';

const app = new App();
const cluster = new Cluster(app, 'outer-rim', { mode: 'tunnel' });
const luke = new Node(cluster, 'luke', {
  podCIDRs: ['10.6.1.0/24', 'fd06:1::/64'], addresses: ['192.0.2.1', '2001:db8:2::1'],
  devices: ['up0', 'out0'], allowLocalhost: false,
});
const leia = new Node(cluster, 'leia', {
  podCIDRs: ['10.6.2.0/24', 'fd06:2::/64'], addresses: ['192.0.2.2', '2001:db8:2::2'],
  devices: ['up0'],
});
const endpoint = (node: Node, n: number, name: string) =>
  new Endpoint(node, name, {
    labels: { app: name },
    addresses: ['10.6.' + n + '.11', 'fd06:' + n + '::11'].map((a, i) =>
      name === 'web' ? a : a.replace(/11$/, i === 0 ? '21' : '21')),
    netns: 'l7-' + name,
  });
endpoint(luke, 1, 'web');
endpoint(luke, 1, 'near');
endpoint(leia, 2, 'far');
new Service(app, 'web', {
  addresses: ['10.96.6.1', 'fd96:6::1'],
  ports: [{ port: 80, targetPort: 8080 }],
  selector: { matchLabels: { app: 'web' } },
});
const http = ${http};
new NetworkPolicy(app, 'to-web', {
  endpointSelector: { matchLabels: { app: 'web' } },
  ingress: [
    { fromEndpoints: [{}], toPorts: [{ ports: [tcp(8080)], ...http }] },
    { fromEntities: ['host', 'remote-node', 'world'], toPorts: [{ ports: [tcp(8080)], ...http }] },
  ],
});
new NetworkPolicy(app, 'of-near', {
  endpointSelector: { matchLabels: { app: 'near' } },
  egress: [
    { toEndpoints: [{}], toPorts: [{ ports: [tcp(8080)], rules: { http: [{ path: '/(v1|bytes|wait)/.*' }] } }] },
  ],
});
`;

const FILTERED = `{ rules: {
  http: [{ method: 'GET' }, { method: 'POST', path: '/v1/request-landing' }],
  denyBody: '🚫 keep out\\n',
} }`;
const OPEN = '{}';

describe.sequential('rules of HTTP', () => {
  let nodes: TwoNodes;
  const agents = new Map<string, HttpAgent>();
  const agent = (name: string): HttpAgent => agents.get(name)!;
  const open = async (name: string, netns: string): Promise<void> => {
    agents.set(name, await HttpAgent.open(netns));
  };

  beforeAll(async () => {
    nodes = new TwoNodes('plumb-e2e-l7');
    await nodes.apply(program(FILTERED));
    await open('web', 'l7-web');
    await open('near', 'l7-near');
    await open('far', 'l7-far');
    await open('host', nodes.luke.netns);
    await open('world', nodes.world);
    await agent('web').serve(8080);
  }, 60_000);

  afterAll(async () => {
    for (const one of agents.values()) one.close();
    await nodes.dispose();
  });

  const pidsOf = (what: 'haproxy' | 'supervisor'): number[] => {
    const directory = join(nodes.luke.root, 'run', nodes.luke.netns, 'proxy');
    const name = what === 'haproxy' ? /^haproxy-.*\.pid$/ : /^pid$/;
    return readdirSync(directory)
      .filter((file) => name.test(file))
      .map((file) => Number(readFileSync(join(directory, file), 'utf8')));
  };

  const CLIENTS = [
    ['near', '10.6.1.11:8080', '10.6.1.21'],
    ['near', '[fd06:1::11]:8080', 'fd06:1::21'],
    ['near', '10.96.6.1', '10.6.1.21'],
    ['near', '[fd96:6::1]', 'fd06:1::21'],
    ['far', '10.6.1.11:8080', '10.6.2.21'],
    ['far', '[fd06:1::11]:8080', 'fd06:2::21'],
    ['far', '10.96.6.1', '10.6.2.21'],
    ['far', '[fd96:6::1]', 'fd06:2::21'],
    ['host', '10.6.1.11:8080', '10.6.1.1'],
    ['host', '[fd06:1::11]:8080', 'fd06:1::1'],
    ['world', '10.6.1.11:8080', '198.51.100.9'],
    ['world', '[fd06:1::11]:8080', '2001:db8:51::9'],
  ] as const;

  it('plan nothing once they are applied', async () => {
    expect((await nodes.plan(nodes.luke)).code).toBe(0);
    expect((await nodes.plan(nodes.leia)).code).toBe(0);
  });

  it.each(CLIENTS)(
    'let %s through to %s, and the server sees it as %s',
    async (who, at, address) => {
      await agent('web').seen();
      const answer = await agent(who).ask({ url: `http://${at}/v1/status` });
      expect(answer).toMatchObject({ status: 200, text: `${address} sent 0\n` });
      expect(await agent('web').seen()).toEqual([
        { method: 'GET', url: '/v1/status', client: address },
      ]);
    },
  );

  it.each(CLIENTS)(
    'answer what they deny %s at %s, and the server hears nothing',
    async (who, at) => {
      await agent('web').seen();
      const url = `http://${at}/v1/exhaust-port`;
      expect(await agent(who).ask({ url, method: 'PUT', send: 10 })).toMatchObject({
        status: 403,
        text: NO,
      });
      expect(await agent('web').seen()).toEqual([]);
    },
  );

  it('of both sides hold, each with its own answer', async () => {
    const url = 'http://10.6.1.11:8080/v2/status';
    expect(await agent('near').ask({ url })).toMatchObject({
      status: 403,
      text: 'Access denied\n',
    });
    expect(await agent('far').ask({ url })).toMatchObject({ status: 200 });
  });

  it.each(['10.6.1.11', '[fd06:1::11]'])('carry 100 MB both ways with %s', async (address) => {
    const size = 100 << 20;
    const down = `http://${address}:8080/bytes/${String(size)}`;
    expect(await agent('near').ask({ url: down, timeout: 30_000 })).toMatchObject({
      status: 200,
      length: size,
    });
    const up = `http://${address}:8080/v1/request-landing`;
    const sent = await agent('near').ask({ url: up, method: 'POST', send: size, timeout: 30_000 });
    expect(sent).toMatchObject({
      status: 200,
      text: expect.stringContaining(`sent ${String(size)}`),
    });
  });

  it('answer 10,000 requests of 50 clients at once without an error', async () => {
    const url = 'http://10.6.1.11:8080/v1/status';
    const kept = await agent('near').load({ url, count: 7000, concurrency: 50, keepAlive: true });
    expect(kept).toEqual({ 200: 7000 });
    const fresh = await agent('far').load({ url, count: 3000, concurrency: 50 });
    expect(fresh).toEqual({ 200: 3000 });
  }, 60_000);

  it('need nothing of netfilter, no mark, no rule and no route of the node', () => {
    const inside = (...command: string[]): string =>
      execFileSync('nsenter', [`--net=/run/netns/${nodes.luke.netns}`, ...command], {
        encoding: 'utf8',
      });
    expect(inside('nft', 'list', 'ruleset')).toBe('');
    for (const family of ['-4', '-6']) {
      const rules = inside('ip', family, 'rule').trim().split('\n');
      expect(rules.filter((rule) => !/lookup (local|main|default)/.test(rule))).toEqual([]);
      const tables = inside('ip', family, 'route', 'show', 'table', 'all');
      expect(tables).not.toMatch(/plumb_p[ei] .*table (?!local)/);
      expect(tables).not.toMatch(/table (?!local)/);
    }
  });

  it('let nothing through unfiltered while HAProxy is killed and comes back', async () => {
    const url = 'http://10.6.1.11:8080/v1/exhaust-port';
    await agent('web').seen();
    const load = agent('far').load({ url, method: 'PUT', count: 2000, concurrency: 20 });
    for (let i = 0; i < 3; i++) {
      await sleep(150);
      for (const pid of pidsOf('haproxy')) process.kill(pid, 'SIGKILL');
    }
    const outcomes = await load;
    expect(outcomes['403']).toBeGreaterThan(0);
    expect(outcomes['200']).toBeUndefined();
    expect(await agent('web').seen()).toEqual([]);
    const again = { url: 'http://10.6.1.11:8080/v1/status', timeout: 2000 };
    expect(await agent('far').ask(again)).toMatchObject({ status: 200 });
  });

  it('are planned anew while the proxy is down, and hold again after an apply', async () => {
    for (const pid of [...pidsOf('supervisor'), ...pidsOf('haproxy')]) process.kill(pid, 'SIGKILL');
    const url = 'http://10.6.1.11:8080/v1/status';
    const { error } = await agent('far').ask({ url });
    expect(['ECONNREFUSED', 'ECONNRESET']).toContain(error);
    const plan = await nodes.plan(nodes.luke);
    expect(plan.code).toBe(2);
    expect(plan.stdout).toContain('proxy');
    await nodes.apply(program(FILTERED));
    expect(await agent('far').ask({ url, timeout: 2000 })).toMatchObject({ status: 200 });
    expect(await agent('far').ask({ url, method: 'PUT' })).toMatchObject({ status: 403 });
  });

  it('that go free connections of the proxy, and those that come take them over', async () => {
    const url = 'http://10.6.1.11:8080/v1/status';
    expect(await agent('far').hold('old', { url })).toMatchObject({ status: 200 });
    await nodes.apply(program(OPEN));
    const denied = { url: 'http://10.6.1.11:8080/v1/exhaust-port', method: 'PUT', timeout: 2000 };
    // The old connection was closed, or reset: the next request goes by a new one.
    const after = await agent('far').hold('old', denied);
    const again = after.error === undefined ? after : await agent('far').hold('old', denied);
    expect(again).toMatchObject({ status: 200 });
    await nodes.apply(program(FILTERED));
    const filtered = await agent('far').hold('old', denied);
    expect(filtered.status).not.toBe(200);
    expect(filtered.error).not.toBe('timeout');
    expect(await agent('far').ask(denied)).toMatchObject({ status: 403 });
  }, 60_000);
});
