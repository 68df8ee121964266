import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redis } from '../../src/plugins/redis.js';
import { openRecords } from '../../src/proxy/control.js';
import type { RequestRecord } from '../../src/proxy/record.js';
import { CHECKOUT, inside, TestNode } from './node.js';

const program = (mode: string, rules: string): string => `
import { App, Endpoint, NetworkPolicy, Node, tcp } from 'plumbline';

const app = new App();
const hoth = new Node(app, 'hoth', {
  podCIDRs: ['10.7.2.0/24', 'fd07:2::/64'], redirectMode: '${mode}',
});
for (const [name, n] of [['cache', 11], ['near', 21]] as const) {
  new Endpoint(hoth, name, {
    labels: { app: name }, addresses: ['10.7.2.' + n, 'fd07:2::' + n], netns: 'l7p-' + name,
  });
}
new NetworkPolicy(app, 'to-cache', {
  endpointSelector: { matchLabels: { app: 'cache' } },
  ingress: [{ toPorts: [{ ports: [tcp(6379)], rules: { l7proto: 'redis', l7: ${rules} } }] }],
});
`;

const RULES = `[{ command: 'GET', key: 'public:*' }, { command: 'PING' }]`;
const REDIS = join(CHECKOUT, 'test/traffic/redis.mjs');
const DENIED = redis.deny([]).toString();
const say = (...commands: string[]): string =>
  JSON.stringify(commands.map((one) => redis.encode(one.split(' ')).toString()).join(''));

describe.sequential('rules of a protocol plug-in', () => {
  let node: TestNode;
  let directory: string;
  let server: ChildProcess;
  const heard: string[] = [];
  const records: RequestRecord[] = [];
  const leaving = new AbortController();

  const run = async (command: string, mode: string, rules: string) => {
    const path = join(directory, 'plumb.ts');
    writeFileSync(path, program(mode, rules));
    return await node.plumb(
      command,
      path,
      '--node',
      'hoth',
      ...(command === 'apply' ? ['--yes'] : []),
    );
  };
  const apply = async (mode: string): Promise<void> => {
    const { code, stdout, stderr } = await run('apply', mode, RULES);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
  };
  const ask = async (host: string, text: string): Promise<string> =>
    (await inside('l7p-near', process.execPath, REDIS, 'ask', host, '6379', text)).stdout;

  beforeAll(async () => {
    mkdirSync(join(CHECKOUT, '.cache'), { recursive: true });
    directory = mkdtempSync(join(CHECKOUT, '.cache/l7-plugin-'));
    node = new TestNode('plumb-e2e-l7p');
    await apply('socket');
    server = spawn(
      'nsenter',
      ['--net=/run/netns/l7p-cache', process.execPath, REDIS, 'serve', '6379'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await new Promise<void>((up) => {
      createInterface({ input: server.stdout! }).on('line', (line) => {
        if (line === 'up') up();
        else heard.push(line);
      });
    });
    const stream = await openRecords(join(node.root, 'run', node.netns), leaving.signal);
    const lines = createInterface({ input: stream! });
    // It ends with the proxy.
    for (const one of [stream!, lines]) one.on('error', () => undefined);
    lines.on('line', (line) => {
      records.push(JSON.parse(line) as RequestRecord);
    });
  }, 60_000);

  afterAll(async () => {
    leaving.abort();
    server.kill();
    await node.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  const hosts = [
    ['10.7.2.11', '10.7.2.21'],
    ['fd07:2::11', 'fd07:2::21'],
  ] as const;

  it.each(hosts)(
    'let through, and deny, in the order of the questions: %s',
    async (host, client) => {
      heard.length = 0;
      const text = say('PING', 'GET secret', 'GET public:1', 'SET public:1 x', 'GET public:22');
      const answer = await ask(host, text);
      expect(answer).toBe(`+OK\r\n${DENIED}$8\r\npublic:1\r\n${DENIED}$9\r\npublic:22\r\n`);
      expect(heard).toEqual(['PING', 'GET public:1', 'GET public:22'].map((s) => `${client} ${s}`));
    },
  );

  it('are kept from everybody but root: files, sockets and directories', () => {
    const run = join(node.root, 'run', node.netns);
    const open = readdirSync(run, { recursive: true, withFileTypes: true })
      .map((entry) => ({ entry, mode: statSync(join(entry.parentPath, entry.name)).mode & 0o077 }))
      .filter(({ mode }) => mode !== 0);
    expect(open.map(({ entry }) => entry.name)).toEqual([]);
    const kept = readdirSync(run, { recursive: true, encoding: 'utf8' }).map((path) =>
      basename(path),
    );
    expect(kept).toEqual(expect.arrayContaining(['provenance.json', 'control.sock']));
  });

  it('end a connection that speaks something else', async () => {
    heard.length = 0;
    expect(await ask('10.7.2.11', JSON.stringify('GET public:1\r\n'))).toBe('');
    expect(heard).toEqual([]);
  });

  it('are told of, request by request', () => {
    const told = records.map(({ protocol, verdict, request, rule }) => [
      protocol,
      verdict,
      request,
      rule,
    ]);
    expect(told.slice(0, 4)).toEqual([
      ['redis', 'allowed', 'PING', 1],
      ['redis', 'denied', 'GET secret', undefined],
      ['redis', 'allowed', 'GET public:1', 0],
      ['redis', 'denied', 'SET public:1', undefined],
    ]);
    expect(records[0]).toMatchObject({
      client: '10.7.2.21',
      server: '10.7.2.11',
      serverPort: 6379,
    });
  });

  it.each([
    ['GET public:1', 'allowed'],
    ['GET secret', 'denied'],
  ])('are asked about without sending anything: %s is %s', async (text, verdict) => {
    const { stdout } = await node.plumb('verdict', 'near', 'cache', '6379/TCP', '--l7', text);
    expect(stdout).toContain(verdict);
    expect(stdout).toContain('listener');
  });

  // In nat the port that was asked for is another one than that of the socket.
  it.each(['nat', 'tproxy'])('hold in mode %s', async (mode) => {
    await apply(mode);
    for (const [host, client] of hosts) {
      heard.length = 0;
      const answer = await ask(host, say('GET public:1', 'GET secret'));
      expect(answer).toBe(`$8\r\npublic:1\r\n${DENIED}`);
      expect(heard).toEqual([`${client} GET public:1`]);
    }
  });

  it.each([
    [`[{ key: 'a', value: 'b' }]`, 'redis has no field value'],
    [`[{ command: 'GTE' }]`, 'redis has no command'],
  ])('are refused when they mean nothing: %s', async (rules, message) => {
    const { code, stderr } = await run('plan', 'nat', rules);
    expect(code).toBe(1);
    expect(stderr).toContain('PLB_L7_PLUGIN');
    expect(stderr).toContain(message);
  });
});
