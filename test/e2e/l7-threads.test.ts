import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpuVariables } from '../../src/proxy/haproxy/threads.js';
import { HttpAgent } from '../traffic/http-agent.js';
import { CHECKOUT, TestNode } from './node.js';

const PROGRAM = `
import { App, Endpoint, NetworkPolicy, Node, tcp } from 'plumbline';

const app = new App();
const hoth = new Node(app, 'hoth', { podCIDRs: ['10.7.2.0/24', 'fd07:2::/64'] });
const endpoint = (name: string, n: number) =>
  new Endpoint(hoth, name, {
    labels: { app: name }, addresses: ['10.7.2.' + n, 'fd07:2::' + n], netns: 'l7t-' + name,
  });
endpoint('web', 11);
endpoint('near', 21);
new NetworkPolicy(app, 'to-web', {
  endpointSelector: { matchLabels: { app: 'web' } },
  ingress: [{ toPorts: [{ ports: [tcp(8080)], rules: { http: [{ method: 'GET' }] } }] }],
});
`;

describe.sequential("connections to HAProxy's two threads", () => {
  const sockets: ChildProcess[] = [];
  let node: TestNode;
  let directory: string;
  let web: HttpAgent;
  let near: HttpAgent;
  let haproxy: number;
  const cpus = Object.values(cpuVariables());
  const [one, two] = cpus.map((list) => list.split(',')[0]!);

  beforeAll(async () => {
    mkdirSync(join(CHECKOUT, '.cache'), { recursive: true });
    directory = mkdtempSync(join(CHECKOUT, '.cache/program-'));
    const program = join(directory, 'plumb.ts');
    writeFileSync(program, PROGRAM);
    node = new TestNode('plumb-e2e-l7t');
    const { code, stdout, stderr } = await node.plumb('apply', program, '--node', 'hoth', '--yes');
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    web = await HttpAgent.open('l7t-web');
    near = await HttpAgent.open('l7t-near');
    await web.serve(8080);
    haproxy = node.pids('haproxy')[0]!;
  }, 60_000);

  afterAll(async () => {
    for (const child of sockets) child.kill('SIGKILL');
    process.kill(haproxy, 'SIGCONT');
    web.close();
    near.close();
    await node.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Opens so many connections from a CPU, which stay open. */
  const open = async (cpu: string, count: number, address: string): Promise<void> => {
    const script = `for i in $(seq ${String(count)}); do exec {fd}<>/dev/tcp/${address}/8080; done; echo up; read`;
    const args = ['--net=/run/netns/l7t-near', 'taskset', '-c', cpu, 'bash', '-c', script];
    const child = spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    sockets.push(child);
    await once(child.stdout, 'data');
  };

  /** How many wait to be accepted at each socket, ascending. */
  const waiting = (): number[] =>
    execFileSync('ip', ['netns', 'exec', 'plumb-proxy-hoth', 'ss', '-Hltn'], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => Number(line.split(/\s+/)[1]))
      .sort((a, b) => a - b);

  it('the threads have CPUs of their own', () => {
    const tasks = `/proc/${String(haproxy)}/task`;
    const allowed = readdirSync(tasks).map((task) => {
      const status = readFileSync(join(tasks, task, 'status'), 'utf8');
      const mask = /^Cpus_allowed:\s*(\S+)$/m.exec(status)![1]!.replaceAll(',', '');
      return BigInt(`0x${mask}`);
    });
    const maskOf = (list: string): bigint =>
      list.split(',').reduce((mask, cpu) => mask | (1n << BigInt(cpu)), 0n);
    expect(new Set(allowed)).toEqual(new Set(cpus.map(maskOf)));
  });

  it('a connection waits for the thread of the CPU that it comes from', async () => {
    expect(one, 'this test needs two CPUs').not.toBe(two);
    process.kill(haproxy, 'SIGSTOP');
    await open(one!, 3, '10.7.2.11');
    await open(one!, 2, 'fd07:2::11');
    await expect.poll(waiting).toEqual([0, 5]);
    await open(two!, 4, '10.7.2.11');
    await expect.poll(waiting).toEqual([4, 5]);
  });

  it('where eight wait already, the next is for the thread that has fewer', async () => {
    await open(one!, 14, '10.7.2.11');
    await expect.poll(() => waiting().reduce((sum, count) => sum + count)).toBe(23);
    const [fewer, more] = waiting();
    // What is on its way is not counted yet.
    expect(more! - fewer!).toBeLessThanOrEqual(3);
  });

  it('all are served once the threads run, and those after them', async () => {
    process.kill(haproxy, 'SIGCONT');
    await expect.poll(waiting, { timeout: 5000 }).toEqual([0, 0]);
    const load = { url: 'http://10.7.2.11:8080/bytes/1', count: 200, concurrency: 20 };
    expect(await near.load(load)).toEqual({ 200: 200 });
  });
});
