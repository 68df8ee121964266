import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENTS, FILTERED, L7World, NO, OPEN, SERVERS, STAY } from './l7-world.js';

// In this order: at the end nothing of the others may be left.
const MODES = ['tproxy', 'nat', 'socket'] as const;
const STATUS = 'http://10.6.1.11:8080/v1/status';
const DENIED = 'http://10.6.1.11:8080/v1/exhaust-port';

let world: L7World;

beforeAll(async () => {
  world = await L7World.open('plumb-e2e-l7', { http: FILTERED, mode: 'tproxy' });
}, 60_000);

afterAll(async () => {
  await world.close();
});

describe.sequential.each(MODES)('rules of HTTP in mode %s', (mode) => {
  const program = { http: FILTERED, mode };

  it('are applied, and then planned no more', async () => {
    const far = world.agent('far');
    expect(await far.hold(mode, { url: STATUS })).toMatchObject({ status: 200 });
    await world.apply(program);
    expect((await world.plan(program)).code).toBe(0);
    // What was open is judged again: by the proxy that had it, or by a new one on a new connection.
    const again = await far.hold(mode, { url: DENIED, method: 'PUT', timeout: 2000 });
    expect(['ECONNRESET', 'ECONNREFUSED', undefined]).toContain(again.error);
    expect(again.status ?? 403).toBe(403);
  });

  it.each(CLIENTS)('let %s through to %s, and the server sees %s', async (who, at, address) => {
    await world.agent('web').seen();
    const answer = await world.agent(who).ask({ url: `http://${at}/v1/status` });
    expect(answer).toMatchObject({ status: 200, text: `${address} sent 0\n` });
    expect(await world.agent('web').seen()).toEqual([
      { method: 'GET', url: '/v1/status', client: address },
    ]);
  });

  it.each(CLIENTS)(
    'answer what they deny %s at %s, and the server hears nothing',
    async (who, at) => {
      await world.agent('web').seen();
      const url = `http://${at}/v1/exhaust-port`;
      const answer = await world.agent(who).ask({ url, method: 'PUT', send: 10 });
      expect(answer).toMatchObject({ status: 403, text: NO });
      expect(await world.agent('web').seen()).toEqual([]);
    },
  );

  it.each(SERVERS)('let near out to %s at %s, which sees %s', async (server, at, address) => {
    await world.agent(server).seen();
    const near = world.agent('near');
    expect(await near.ask({ url: `http://${at}/v1/status` })).toMatchObject({
      status: 200,
      text: `${address} sent 0\n`,
    });
    const denied = await near.ask({ url: `http://${at}/v2/status`, method: 'POST', send: 10 });
    expect(denied).toMatchObject({ status: 403, text: STAY });
    expect(await world.agent(server).seen()).toEqual([
      { method: 'GET', url: '/v1/status', client: address },
    ]);
  });

  it('of both sides hold, each with its own answer', async () => {
    const url = 'http://10.6.1.11:8080/v2/status';
    const answer = await world.agent('near').ask({ url });
    expect(answer).toMatchObject({ status: 403, text: STAY });
    expect(await world.agent('far').ask({ url })).toMatchObject({ status: 200 });
  });

  it.each(['10.6.1.11', '[fd06:1::11]'])('carry 100 MB both ways with %s', async (address) => {
    const size = 100 << 20;
    const near = world.agent('near');
    const down = `http://${address}:8080/bytes/${String(size)}`;
    const got = await near.ask({ url: down, timeout: 30_000 });
    expect(got).toMatchObject({ status: 200, length: size });
    const up = `http://${address}:8080/v1/request-landing`;
    const sent = await near.ask({ url: up, method: 'POST', send: size, timeout: 30_000 });
    const text: unknown = expect.stringContaining(`sent ${String(size)}`);
    expect(sent).toMatchObject({ status: 200, text });
  });

  it('answer 10,000 requests of 50 clients at once without an error', async () => {
    const load = { url: STATUS, concurrency: 50 };
    const kept = await world.agent('near').load({ ...load, count: 7000, keepAlive: true });
    expect(kept).toEqual({ 200: 7000 });
    const fresh = await world.agent('far').load({ ...load, count: 3000 });
    expect(fresh).toEqual({ 200: 3000 });
  }, 60_000);

  it('let nothing through unfiltered while HAProxy is killed and comes back', async () => {
    await world.agent('web').seen();
    const load = world
      .agent('far')
      .load({ url: DENIED, method: 'PUT', count: 2000, concurrency: 20 });
    for (let i = 0; i < 3; i++) {
      await sleep(150);
      for (const pid of world.pids('haproxy')) process.kill(pid, 'SIGKILL');
    }
    const outcomes = await load;
    expect(outcomes['403']).toBeGreaterThan(0);
    expect(outcomes['200']).toBeUndefined();
    expect(await world.agent('web').seen()).toEqual([]);
    const again = await world.agent('far').ask({ url: STATUS, timeout: 2000 });
    expect(again).toMatchObject({ status: 200 });
  });
});

describe.sequential('a change of mode', () => {
  it('shows what of the node comes or goes', async () => {
    const plan = await world.plan({ http: FILTERED, mode: 'tproxy' });
    expect(plan.code).toBe(2);
    expect(plan.stdout).toContain('+ nft table inet plumb_tproxy');
    expect(plan.stdout).toContain('+ rule inet 100 fwmark 0x200/0xf00 lookup 2004');
    expect(plan.stdout).toMatch(/\+ route .*2004/);
    expect(plan.stdout).toMatch(/- .*plumb_pe/);
  });

  it('to socket leaves nothing of netfilter, no rule and no route of the node', async () => {
    await world.plan({ http: FILTERED, mode: 'socket' });
    expect(world.inside('nft', 'list', 'ruleset')).toBe('');
    for (const family of ['-4', '-6']) {
      const rules = world.inside('ip', family, 'rule').trim().split('\n');
      expect(rules.filter((rule) => !/lookup (local|main|default)/.test(rule))).toEqual([]);
      const tables = world.inside('ip', family, 'route', 'show', 'table', 'all');
      expect(tables).not.toMatch(/plumb_p[ei] .*table (?!local)/);
      expect(tables).not.toMatch(/table (?!local)/);
    }
    expect(world.inside('ip', 'link')).not.toContain('plumb_t');
  });
});

describe.sequential('rules of HTTP', () => {
  it('are planned anew while the proxy is down, and hold again after an apply', async () => {
    for (const pid of [...world.pids('supervisor'), ...world.pids('haproxy')]) {
      process.kill(pid, 'SIGKILL');
    }
    const { error } = await world.agent('far').ask({ url: STATUS });
    expect(['ECONNREFUSED', 'ECONNRESET']).toContain(error);
    const wanted = { http: FILTERED, mode: 'socket' } as const;
    const plan = await world.plan(wanted);
    expect(plan.code).toBe(2);
    expect(plan.stdout).toContain('proxy');
    await world.apply(wanted);
    const far = world.agent('far');
    expect(await far.ask({ url: STATUS, timeout: 2000 })).toMatchObject({ status: 200 });
    expect(await far.ask({ url: STATUS, method: 'PUT' })).toMatchObject({ status: 403 });
  });

  it('that go free connections of the proxy, and those that come take them over', async () => {
    const far = world.agent('far');
    expect(await far.hold('old', { url: STATUS })).toMatchObject({ status: 200 });
    await world.apply({ http: OPEN, mode: 'socket' });
    const denied = { url: DENIED, method: 'PUT', timeout: 2000 };
    // The old connection was closed, or reset: the next request goes by a new one.
    const after = await far.hold('old', denied);
    const again = after.error === undefined ? after : await far.hold('old', denied);
    expect(again).toMatchObject({ status: 200 });
    await world.apply({ http: FILTERED, mode: 'socket' });
    const filtered = await far.hold('old', denied);
    expect(filtered.status).not.toBe(200);
    expect(filtered.error).not.toBe('timeout');
    expect(await far.ask(denied)).toMatchObject({ status: 403 });
  }, 60_000);
});
