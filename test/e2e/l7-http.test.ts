import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecords } from '../../src/proxy/control.js';
import type { RequestRecord } from '../../src/proxy/record.js';
import { HttpAgent } from '../traffic/http-agent.js';
import { CHECKOUT, TestNode, type Result } from './node.js';

const ODD = '100% "sure" \\ 🚀';
const header = (name: string, value: string, mismatch: string): string =>
  `{ name: '${name}', value: ${JSON.stringify(value)}, mismatch: '${mismatch}' }`;

const program = (more = ''): string => `
import { App, Endpoint, NetworkPolicy, Node, tcp } from 'plumbline';

const app = new App();
const hoth = new Node(app, 'hoth', { podCIDRs: ['10.7.1.0/24', 'fd07:1::/64'] });
const endpoint = (name: string, n: number, app = name) =>
  new Endpoint(hoth, name, {
    labels: { app }, addresses: ['10.7.1.' + n, 'fd07:1::' + n], netns: 'l7h-' + name,
  });
endpoint('web', 11);
endpoint('near', 21);
const web = { matchLabels: { app: 'web' } };
new NetworkPolicy(app, 'to-web', {
  endpointSelector: web,
  ingress: [
    { toPorts: [{ ports: [tcp(8080)], rules: { http: [
      { path: '/headers/.*', headerMatches: [
        ${header('X-Log', 'right', 'LOG')},
        ${header('X-Add', 'added', 'ADD')},
        ${header('X-Delete', 'right', 'DELETE')},
        ${header('X-Replace', ODD, 'REPLACE')},
      ] },
      { path: '/there', headers: ['X-There'] },
      { path: '/keyed', headers: ['X-Key: right'], headerMatches: [{ name: 'X-Door', value: 'open' }] },
      { path: '/hosted', host: '(.*\\\\.)?rebels\\\\.test' },
      { method: 'GET', path: '/chat' },
    ] } }] },
    { toPorts: [{ ports: [tcp(8081)], rules: { http: [
      { method: 'POST', path: '/rebels\\\\.Base/Find' }, { method: 'GET', path: '/v1/.*' },
    ] } }] },
    { toPorts: [{ ports: [tcp(8443)], serverNames: ['base.rebels.test', '*.moon.test'] }] },
  ],
});
${more}
`;

const OTHER = `
new NetworkPolicy(app, 'other', {
  endpointSelector: web,
  ingress: [{ toPorts: [{ ports: [tcp(8082)], rules: { http: [{ method: 'GET' }] } }] }],
});`;
// Repetitions that RE2JS takes, but PCRE2 has no room for.
const TOO_LARGE = `
const long = Array.from({ length: 10 }, (_, i) => '(ab' + i + '){1000}').join('');
new NetworkPolicy(app, 'too-large', {
  endpointSelector: web,
  ingress: [{ toPorts: [{ ports: [tcp(8082)], rules: { http: [{ path: long }] } }] }],
});`;
const TWIN = `endpoint('web-2', 12, 'web');`;

const SERVERS = ['10.7.1.11', '[fd07:1::11]'] as const;

describe.sequential('HTTP, gRPC, WebSocket and TLS by way of the proxy', () => {
  let node: TestNode;
  let directory: string;
  let web: HttpAgent;
  let near: HttpAgent;
  let fingerprint: string;
  const records: RequestRecord[] = [];
  const leaving = new AbortController();

  const run = async (command: string, text: string, ...flags: string[]): Promise<Result> => {
    writeFileSync(join(directory, 'plumb.ts'), text);
    return await node.plumb(command, join(directory, 'plumb.ts'), '--node', 'hoth', ...flags);
  };
  const apply = async (text: string): Promise<void> => {
    const { code, stdout, stderr } = await run('apply', text, '--yes');
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
  };

  const runDir = (): string => join(node.root, 'run', node.netns);

  beforeAll(async () => {
    mkdirSync(join(CHECKOUT, '.cache'), { recursive: true });
    directory = mkdtempSync(join(CHECKOUT, '.cache/program-'));
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
        ...['-days', '1', '-subj', '/CN=base.rebels.test', '-keyout', key, '-out', cert],
      ],
      { stdio: 'pipe' },
    );
    const print = ['x509', '-in', cert, '-noout', '-fingerprint', '-sha256'];
    fingerprint = execFileSync('openssl', print, { encoding: 'utf8' }).trim().split('=')[1]!;
    node = new TestNode('plumb-e2e-l7h');
    await apply(program());
    web = await HttpAgent.open('l7h-web');
    near = await HttpAgent.open('l7h-near');
    await web.serve(8080);
    await web.serveHttp2(8081);
    await web.serveTls(8443, { key, cert });
    const lines = await openRecords(runDir(), leaving.signal);
    const reader = createInterface({ input: lines! });
    reader.on('line', (line) => records.push(JSON.parse(line)));
    reader.on('error', () => undefined);
  }, 60_000);

  afterAll(async () => {
    leaving.abort();
    web.close();
    near.close();
    await node.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  const ask = (path: string, headers: Record<string, string> = {}, server: string = SERVERS[0]) =>
    near.ask({ url: `http://${server}:8080${path}`, headers });

  describe('headers', () => {
    const NAMES = ['x-log', 'x-add', 'x-delete', 'x-replace'] as const;
    const WRONG = Object.fromEntries(NAMES.map((name) => [name, 'wrong']));
    const odd = Buffer.from(ODD).toString('latin1');
    const RIGHT = { 'x-log': 'right', 'x-add': 'added', 'x-delete': 'right', 'x-replace': odd };
    const got = async (headers: Record<string, string>): Promise<unknown> => {
      const answer = await ask(`/headers/${NAMES.join(',')}`, headers);
      expect(answer).toMatchObject({ status: 200 });
      return JSON.parse(answer.text!);
    };

    it('reach the server as they are where they match', async () => {
      const values = Object.entries(RIGHT).map(([name, value]) => [name, [value]]);
      expect(await got(RIGHT)).toEqual(Object.fromEntries(values));
    });

    it('that do not match are told of, added to, deleted, replaced', async () => {
      expect(await got(WRONG)).toEqual({
        'x-log': ['wrong'],
        'x-add': ['wrong', 'added'],
        'x-delete': [],
        'x-replace': [odd],
      });
    });

    it('that are absent are told of, added and put in place', async () => {
      expect(await got({})).toEqual({
        'x-log': [],
        'x-add': ['added'],
        'x-delete': [],
        'x-replace': [odd],
      });
    });

    it('that only are told of are in the record of the request', async () => {
      await got({ ...RIGHT, 'x-log': 'wrong' });
      await expect
        .poll(() => records.map(({ note }) => note), { timeout: 5000 })
        .toContain('header X-Log differs');
    });

    it.each<[string, Record<string, string>, number]>([
      ['/there', {}, 403],
      ['/there', { 'x-there': 'whatever' }, 200],
      ['/keyed', { 'x-key': 'right' }, 403],
      ['/keyed', { 'x-key': 'wrong', 'x-door': 'open' }, 403],
      ['/keyed', { 'x-key': 'right', 'x-door': 'shut' }, 403],
      ['/keyed', { 'x-key': 'right', 'x-door': 'open' }, 200],
      ['/hosted', { host: 'base.rebels.test' }, 200],
      ['/hosted', { host: 'REBELS.test:8080' }, 200],
      ['/hosted', { host: 'rebels.test.empire.test' }, 403],
      ['/hosted', {}, 403],
    ])('are asked for at %s, given %j', async (path, headers, status) => {
      await web.seen();
      expect(await ask(path, headers)).toMatchObject({ status });
      expect(await web.seen()).toHaveLength(status === 200 ? 1 : 0);
    });
  });

  describe.each(SERVERS)('of the server %s', (server) => {
    const client = server.replace(/1\]?$/, '').replace('[', '').replace(/1$/, '21');

    it('gRPC arrives with its trailers, and another method is denied in the same connection', async () => {
      await web.seen();
      const headers = { 'content-type': 'application/grpc', te: 'trailers' };
      const call = (path: string) => ({ path, method: 'POST', headers, body: '\0\0\0\0\x02hi' });
      const requests = ['/rebels.Base/Find', '/rebels.Base/Destroy', '/rebels.Base/Find'].map(call);
      const answers = await near.askHttp2(`http://${server}:8081`, [
        ...requests,
        { path: '/v1/x' },
        { path: '/rebels.Base/Find' },
      ]);
      expect(answers).toMatchObject([
        { status: 200, text: 'got \0\0\0\0\x02hi', trailers: { 'grpc-status': '0' } },
        { status: 403, text: 'Access denied\n' },
        { status: 200, trailers: { 'grpc-status': '0' } },
        { status: 200, text: 'got ' },
        { status: 403 },
      ]);
      const seen = await web.seen();
      expect(seen.map(({ method, url }) => `${method} ${url}`).sort()).toEqual([
        'GET /v1/x',
        'POST /rebels.Base/Find',
        'POST /rebels.Base/Find',
      ]);
      expect(seen[0]!.client).toBe(client);
    });

    it('TLS arrives undisturbed by the names that are let through', async () => {
      for (const name of ['base.rebels.test', 'BASE.rebels.test', 'end.moon.test']) {
        const answer = await near.askTls(server.replace(/[[\]]/g, ''), 8443, name);
        expect(answer).toEqual({ text: `hello ${name}\n`, fingerprint });
      }
    });

    it('TLS is closed by other names, and without one, and the server hears nothing', async () => {
      await web.seen();
      for (const name of ['empire.test', 'moon.test', 'base.rebels.test.empire.test', undefined]) {
        const answer = await near.askTls(server.replace(/[[\]]/g, ''), 8443, name);
        expect(answer.error).toMatch(/ECONNRESET|EPIPE/);
      }
      expect(await web.seen()).toEqual([]);
    });

    it('WebSocket passes where the rule lets the request through', async () => {
      await web.seen();
      const url = (path: string): string => `http://${server}:8080${path}`;
      expect(await near.upgrade(url('/chat'), 'websocket', 'hello there')).toEqual({
        status: 101,
        protocol: 'websocket',
        text: 'hello there',
      });
      expect(await near.upgrade(url('/gossip'), 'websocket', 'psst')).toEqual({ status: 403 });
      expect(await near.upgrade(url('/chat'), 'h2c', 'psst')).toEqual({ status: 200 });
      expect((await web.seen()).map(({ url }) => url)).toEqual(['/chat', '/chat']);
    });
  });

  it('what HAProxy refuses is refused before anything changes, in its own words', async () => {
    const pids = node.pids('haproxy');
    expect(pids).toHaveLength(1);
    const { code, stderr } = await run('apply', program(TOO_LARGE), '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('PLB_HAPROXY');
    expect(stderr).toMatch(/\[ALERT\].*\(ab9\)\{1000\}.*regular expression is too large/);
    expect(node.pids('haproxy')).toEqual(pids);
    const { code: changes, stdout } = await run('plan', program(), '--detailed-exitcode');
    expect(changes, stdout).toBe(0);
  });

  it('rules and endpoints come while 20 connections carry requests, and an endpoint costs the proxy nothing', async () => {
    const first = node.pids('haproxy');
    expect(first).toHaveLength(1);
    const loads = SERVERS.map((server) =>
      near.load({ url: `http://${server}:8080/chat`, concurrency: 10, keepAlive: true }),
    );
    await apply(program(OTHER));
    // The old one stays for as long as it has connections.
    const newPids = (): number[] => node.pids('haproxy').filter((pid) => !first.includes(pid));
    const second = newPids();
    expect(second).toHaveLength(1);

    writeFileSync(join(directory, 'plumb.ts'), program(OTHER + TWIN));
    const { steps } = await node.json<{ steps: { kind: string }[] }>(
      ...['plan', join(directory, 'plumb.ts'), '--node', 'hoth'],
    );
    const kinds = steps.map(({ kind }) => kind);
    expect(kinds).toContain('link');
    expect(kinds).not.toContain('proxy');
    await apply(program(OTHER + TWIN));
    expect(newPids()).toEqual(second);

    await near.stop();
    for (const outcomes of await Promise.all(loads)) {
      expect(Object.keys(outcomes)).toEqual(['200']);
      expect(outcomes['200']).toBeGreaterThan(100);
    }
    const twin = await HttpAgent.open('l7h-web-2');
    try {
      await twin.serve(8080);
      expect(await ask('/chat', {}, '10.7.1.12')).toMatchObject({ status: 200 });
      expect(await ask('/gossip', {}, '10.7.1.12')).toMatchObject({ status: 403 });
    } finally {
      twin.close();
    }
  }, 30_000);
});
