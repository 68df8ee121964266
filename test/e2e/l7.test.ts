import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeInventory } from '../kernel/inventory.js';
import {
  endConnections,
  expectNoConnections,
  OpenConnections,
  portOf,
  whileHalfOpen,
  type Way,
} from './l7-open.js';
import { firstAnswer, expectFew, whileKilling } from './l7-crash.js';
import { CLIENTS, FILTERED, L7World, NO, OPEN, SERVERS, STAY } from './l7-world.js';

const MODES = ['tproxy', 'nat', 'socket'] as const;
const WEB = [
  ['IPv4', 'http://10.6.1.11:8080'],
  ['IPv6', 'http://[fd06:1::11]:8080'],
] as const;
/** The world's address, and what it asks. */
const OUTSIDE = [
  ['198.51.100.9', WEB[0][1]],
  ['2001:db8:51::9', WEB[1][1]],
] as const;
const [STATUS, DENIED] = ['/v1/status', '/v1/exhaust-port'];
const ALL_OPEN = { http: OPEN, egress: OPEN } as const;

/** Connections behind the rules of `web`, and those behind the rules of `near`, which it opens. */
const TO_WEB: readonly Way[] = CLIENTS.filter(([client]) => client !== 'near');
const NEAR_TO_WEB: readonly Way[] = CLIENTS.filter(([client]) => client === 'near');
const BY_NEAR = SERVERS.map(([, at, address]): Way => ['near', at, address]);

let world: L7World;
let untouched: readonly string[];

/** What of the node's own network others may meet. */
const network = (): string[] => {
  const { netns } = world.nodes.luke;
  const inventory = takeInventory([netns]);
  return ['nft', 'rules', 'routes'].flatMap((what) => inventory[`${netns} ${what}`] ?? []);
};

beforeAll(async () => {
  world = await L7World.open('plumb-e2e-l7', { ...ALL_OPEN, mode: 'tproxy' });
  untouched = network();
}, 60_000);

afterAll(async () => {
  await world.close();
});

describe.sequential.each(MODES)('rules of HTTP in mode %s', (mode) => {
  const program = { http: FILTERED, mode };

  it('come, and are planned no more; what is open is judged again', async () => {
    const far = world.agent('far');
    const reading = await OpenConnections.open(world, ['web'], TO_WEB, ['reading']);
    for (const [family, web] of WEB) {
      const first = { url: web + STATUS, timeout: 60_000 };
      expect(await far.hold(`${mode} ${family}`, first)).toMatchObject({ status: 200 });
    }
    await world.apply(program);
    await reading.expectToEnd(Date.now());
    for (const [family, web] of WEB) {
      const denied = { url: web + DENIED, method: 'PUT', timeout: 2000 };
      // A connection that the proxy does not know is reset, now or before; the next one is the proxy's.
      const again = await far.hold(`${mode} ${family}`, denied);
      expect([again.error ?? 'ECONNRESET', again.status ?? 403]).toEqual(['ECONNRESET', 403]);
      expect(await far.hold(`${mode} ${family}`, denied)).toMatchObject({ status: 403, text: NO });
    }
    expect((await world.plan(program)).code).toBe(0);
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

  it.each(WEB)('of both sides hold, each with its own answer: %s', async (_family, web) => {
    const url = `${web}/v2/status`;
    const answer = await world.agent('near').ask({ url });
    expect(answer).toMatchObject({ status: 403, text: STAY });
    expect(await world.agent('far').ask({ url })).toMatchObject({ status: 200 });
  });

  it.each(OUTSIDE)('let %s use a port that the proxy has in its name', async (address, web) => {
    const outside = world.agent('world');
    const question = { url: web + STATUS, timeout: 2000 };
    expect(await outside.hold(`${mode} ${address}`, question)).toMatchObject({ status: 200 });
    const localPort = portOf('l7-web', address);
    expect(await outside.ask({ ...question, localPort })).toMatchObject({ status: 200 });
  });

  it.each(WEB)('carry 100 MB both ways with %s', async (_family, web) => {
    const size = 100 << 20;
    const near = world.agent('near');
    const down = `${web}/bytes/${String(size)}`;
    const got = await near.ask({ url: down, timeout: 30_000 });
    expect(got).toMatchObject({ status: 200, length: size });
    const up = `${web}/v1/request-landing`;
    const sent = await near.ask({ url: up, method: 'POST', send: size, timeout: 30_000 });
    const text: unknown = expect.stringContaining(`sent ${String(size)}`);
    expect(sent).toMatchObject({ status: 200, text });
  });

  it.each(WEB)(
    'answer 10,000 requests of 50 clients at once by %s without an error',
    async (_family, web) => {
      const load = { url: web + STATUS, concurrency: 50 };
      const kept = await world.agent('near').load({ ...load, count: 7000, keepAlive: true });
      expect(kept).toEqual({ 200: 7000 });
      const fresh = await world.agent('far').load({ ...load, count: 3000 });
      expect(fresh).toEqual({ 200: 3000 });
    },
    60_000,
  );

  it.each(WEB)(
    'let nothing through unfiltered while HAProxy is killed, and hold again at once by %s',
    async (_family, web) => {
      const [kills, concurrency] = [3, 10];
      await world.agent('web').seen();
      const denied = world.agent('far').load({ url: web + DENIED, method: 'PUT', concurrency });
      const allowed = world.agent('world').load({ url: web + STATUS, concurrency });
      for (let i = 0; i < kills; i++) {
        await sleep(100);
        const killed = Date.now();
        for (const pid of world.pids('haproxy')) process.kill(pid, 'SIGKILL');
        expect((await firstAnswer(world.agent('near'), web + STATUS)) - killed).toBeLessThan(2000);
      }
      await Promise.all(['far', 'world'].map((who) => world.agent(who).stop()));
      // What was on its way was cut off; what came meanwhile waited.
      expectFew(await denied, '403', kills * concurrency);
      expectFew(await allowed, '200', kills * concurrency);
      const seen = await world.agent('web').seen();
      expect(seen.filter(({ method }) => method !== 'GET')).toEqual([]);
    },
  );

  it('that go reset what is half open by them', async () => {
    const clients = ['l7-far', world.nodes.world] as const;
    const [far, outside] = [world.agent('far'), world.agent('world')];
    const [[, v4], [, v6]] = WEB;
    await whileHalfOpen(clients[0], () =>
      whileHalfOpen(clients[1], async () => {
        await Promise.all([far.connectSilently(v6 + STATUS), outside.connectSilently(v4 + STATUS)]);
        await world.apply({ http: OPEN, mode });
      }),
    );
    const ends = [far.breakSilence(v6 + STATUS), outside.breakSilence(v4 + STATUS)];
    const late = sleep(2000).then(() => ({ how: 'open' }));
    for (const end of ends) expect((await Promise.race([end, late])).how).toBe('ECONNRESET');
    await world.apply(program);
  });

  it('that go end what is open by them, and nothing that others filter', async () => {
    const near = world.agent('near');
    const open = [
      await OpenConnections.open(world, ['web'], TO_WEB),
      // Its own side of an idle connection is behind other rules, and stays.
      await OpenConnections.open(world, ['web'], NEAR_TO_WEB, ['waiting', 'reading', 'talking']),
    ];
    for (const [family, web] of WEB) {
      await near.hold(`gone ${family}`, { url: web + STATUS, timeout: 60_000 });
    }
    const others = near.load({ url: 'http://10.6.2.21:8080/v1/status', concurrency: 5 });
    await world.apply({ http: OPEN, mode });
    const applied = Date.now();
    for (const one of open) await one.expectToEnd(applied);
    await near.stop();
    const { 200: answered, ...errors } = await others;
    expect(errors).toEqual({});
    expect(answered).toBeGreaterThan(50);
    for (const [family, web] of WEB) {
      const denied = { url: web + DENIED, method: 'PUT', timeout: 2000 };
      const held = (what: typeof denied) => near.hold(`gone ${family}`, what);
      expect(await held(denied)).toMatchObject({ status: 200 });
      expect(await world.agent('far').ask(denied)).toMatchObject({ status: 200 });
      const out = { ...denied, url: `${web}/v2/status` };
      expect(await held(out)).toMatchObject({ status: 403, text: STAY });
    }
  });

  it('that go where nothing else allows end what is open by them', async () => {
    await world.apply(program);
    // Of an answer that is under way some may be lost first; then the client takes no reset.
    const kinds = ['waiting', 'talking', 'idle'] as const;
    const open = await OpenConnections.open(world, ['web'], TO_WEB, kinds);
    try {
      await world.apply({ http: OPEN, mode, port: 8081 });
      await open.expectToEnd(Date.now());
    } finally {
      // Its side hears nothing of it.
      endConnections('l7-web');
      await world.apply({ http: OPEN, mode });
    }
  });

  it('the last of which goes end what is open, and leave nothing of the node', async () => {
    const servers = ['web', 'far', 'world'];
    const open = await OpenConnections.open(world, servers, BY_NEAR);
    await world.apply({ ...ALL_OPEN, mode });
    await open.expectToEnd(Date.now());
    for (const netns of ['l7-web', 'l7-far', world.nodes.world]) {
      await expectNoConnections(netns, ['10.6.1.21', 'fd06:1::21']);
    }
    for (const [, web] of WEB) {
      const url = `${web}/v2/status`;
      expect(await world.agent('near').ask({ url, timeout: 2000 })).toMatchObject({ status: 200 });
    }
    expect(network()).toEqual(untouched);
    // Not even sockets that wait for the last packets of what is closed, bound to a device by its number.
    expect(world.inside('ss', '-Htan')).not.toContain('%');
  });
});

describe.sequential('a change of mode', () => {
  const to = (mode: (typeof MODES)[number]) => ({ http: FILTERED, mode });

  it('from tproxy to socket shows what of the node goes', async () => {
    await world.apply(to('tproxy'));
    const { code, stdout } = await world.plan(to('socket'));
    expect(code).toBe(2);
    expect(stdout).toContain('- nft table inet plumb_tproxy');
    for (const family of ['inet', 'inet6']) {
      expect(stdout).toContain(`- rule ${family} 100 fwmark 0x200/0xf00 lookup 2004`);
      expect(stdout).toContain(`- rule ${family} 101 oif plumb_te lookup 2005`);
      expect(stdout).toContain(`- rule ${family} 102 oif plumb_ti lookup 2006`);
    }
    for (const everything of ['0.0.0.0/0', '::/0']) {
      expect(stdout).toContain(`- route local ${everything} dev lo table 2004`);
      expect(stdout).toContain(`- route ${everything} dev plumb_te table 2005`);
      expect(stdout).toContain(`- route ${everything} dev plumb_ti table 2006`);
    }
    // What comes is all in the proxy's own namespace.
    expect(stdout).not.toMatch(/\+ (nft table|rule (?!plumb-proxy-)|route (?!plumb-proxy-))/);
  });

  it.each(['nat', 'socket'] as const)('to %s ends what is open by the former', async (mode) => {
    const open = await OpenConnections.open(world, ['web'], CLIENTS);
    const plan = await world.plan(to(mode));
    expect(plan.stdout).toContain(`${mode === 'nat' ? '+' : '-'} filter cgroup/plumb-proxy-luke`);
    await world.apply(to(mode));
    await open.expectToEnd(Date.now());
    const far = world.agent('far');
    for (const [, web] of WEB) {
      expect(await far.ask({ url: web + STATUS, timeout: 2000 })).toMatchObject({ status: 200 });
      expect(await far.ask({ url: web + DENIED, method: 'PUT' })).toMatchObject({ status: 403 });
    }
  });

  it('to socket leaves the netfilter, rules and routes of the node as they are without any', () => {
    // Of the two devices that lead to the proxy the kernel itself says something.
    const own =
      /^-4 local 169\.254\.1\.1 dev plumb_p[ei] |^-6 multicast ff00::\/8 dev plumb_p[ei] /;
    expect(network().filter((line) => !own.test(line))).toEqual(untouched);
    expect(world.inside('ip', 'link')).not.toContain('plumb_t');
  });

  it('from socket to tproxy shows what of the node comes', async () => {
    const { code, stdout } = await world.plan(to('tproxy'));
    expect(code).toBe(2);
    expect(stdout).toContain('+ nft table inet plumb_tproxy');
    expect(stdout).toContain('+ rule inet 100 fwmark 0x200/0xf00 lookup 2004');
    expect(stdout).toContain('+ route local ::/0 dev lo table 2004');
    expect(stdout).toMatch(/- link plumb_pe/);
  });
});

describe.sequential('rules of HTTP', () => {
  const program = { http: FILTERED, mode: 'socket' } as const;

  it('are planned as drifted while HAProxy is down, and not once it is back', async () => {
    const steps = await whileKilling(world, () => world.steps(program));
    expect(steps).toEqual([expect.objectContaining({ kind: 'proxy', action: 'update' })]);
    await firstAnswer(world.agent('far'), WEB[0][1] + STATUS);
    expect((await world.plan(program)).code).toBe(0);
  });

  it('let nothing through while all of the proxy is killed, and hold 2 s after it starts again', async () => {
    await world.agent('web').seen();
    const clients = [world.agent('far'), world.agent('world')] as const;
    const loads = clients.map((client, i) =>
      client.load({ url: (WEB[i]?.[1] ?? '') + DENIED, method: 'PUT', concurrency: 10 }),
    );
    await sleep(100);
    const killed = Date.now();
    for (const pid of [...world.pids('supervisor'), ...world.pids('haproxy')]) {
      process.kill(pid, 'SIGKILL');
    }
    for (const [, web] of WEB) {
      const answer = await world.agent('host').ask({ url: web + STATUS, timeout: 500 });
      expect(answer.status).toBeUndefined();
    }
    expect(await world.steps(program)).toContainEqual(expect.objectContaining({ kind: 'proxy' }));
    const applied = world.apply(program);
    const served = await Promise.all(
      WEB.map(([, web], i) => firstAnswer(world.agent(['near', 'host'][i] ?? ''), web + STATUS)),
    );
    await applied;
    const started = world.supervisorStarted();
    expect(started).toBeGreaterThan(killed);
    for (const at of served) expect(at - started).toBeLessThan(2000);
    await sleep(100);
    await Promise.all(clients.map((client) => client.stop()));
    for (const outcomes of await Promise.all(loads)) {
      expect(outcomes['403']).toBeGreaterThan(0);
      expect(outcomes['200']).toBeUndefined();
    }
    const seen = await world.agent('web').seen();
    expect(seen.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});
