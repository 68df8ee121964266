import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KernelNode } from '../kernel/node.js';
import { TrafficAgent, type LoadKind } from '../traffic/agent.js';
import { HttpAgent } from '../traffic/http-agent.js';
import { turnTo, type Turn } from './turn.js';

/** Milliseconds between two questions of one load. */
const INTERVAL = 5;
const FILTERED = 9090;

let node: KernelNode;
let world: string;
const agents = new Map<string, TrafficAgent>();
const https: HttpAgent[] = [];

beforeAll(async () => {
  node = new KernelNode('plk-mode');
  world = `${node.name}-world`;
  execFileSync('ip', ['netns', 'add', world]);
  node.ip('link', 'add', 'wan', 'type', 'veth', 'peer', 'name', 'w0', 'netns', world);
  node.ip('address', 'add', '192.0.2.1/24', 'dev', 'wan');
  node.ip('link', 'set', 'wan', 'up');
  node.inside(node.name, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  node.inside(world, 'ip', 'address', 'add', '192.0.2.2/24', 'dev', 'w0');
  node.inside(world, 'ip', 'link', 'set', 'w0', 'up');
  // Answers find their way whether they were translated or not.
  node.inside(world, 'ip', 'route', 'add', 'default', 'via', '192.0.2.1');
  await turnTo(node.name, node.instance, 0);
  for (const netns of ['client', 'stranger', 'one'].map((name) => `${node.name}-${name}`)) {
    agents.set(netns, await TrafficAgent.open(netns));
  }
  agents.set(world, await TrafficAgent.open(world));
  for (const netns of [world, `${node.name}-one`]) {
    await agents.get(netns)!.serve('udp', 53, netns);
    await agents.get(netns)!.serve('tcp', 80, netns);
  }
  for (const name of ['client', 'one']) https.push(await HttpAgent.open(`${node.name}-${name}`));
  await https[1]!.serve(FILTERED);
});

afterAll(() => {
  for (const agent of [...agents.values(), ...https]) agent.close();
  node.dispose();
});

test('masquerading and the mode of redirects change under traffic, and no packet that is allowed is lost', async () => {
  const load = (from: string, kind: LoadKind, address: string, port: number) =>
    agents.get(`${node.name}-${from}`)!.load(kind, address, port, INTERVAL);
  const allowed = await Promise.all([
    load('client', 'datagrams', '10.7.0.21', 53),
    load('client', 'connections', 'fd07::21', 80),
    load('client', 'dialogue', '10.7.0.21', 80),
  ]);
  const denied = await Promise.all([
    load('stranger', 'datagrams', '10.7.0.21', 53),
    load('stranger', 'connections', 'fd07::21', 80),
  ]);
  const [client, server] = https;
  const clients: string[] = [];
  const turns: Turn[] = ['socket', 'tproxy', 'nat', 0];
  for (const turn of turns) {
    await turnTo(node.name, node.instance, turn);
    const seen = await agents.get(`${node.name}-client`)!.probe('udp', '192.0.2.2', 53);
    // Translation is decided when a flow begins; only those that begin now are of the new way.
    clients.push(seen?.client ?? 'nobody');
    if (turn === 0) continue;
    const ask = (path: string) =>
      client!.ask({ url: `http://10.7.0.21:${String(FILTERED)}${path}` });
    expect((await ask('/x')).status, String(turn)).toBe(200);
    expect((await ask('/y')).status, String(turn)).toBe(403);
    expect((await server!.seen()).map(({ url }) => url)).toEqual(['/x']);
  }
  const ended = await Promise.all(allowed.map((stop) => stop()));
  const refused = await Promise.all(denied.map((stop) => stop()));

  expect(clients).toEqual(turns.map((turn) => (turn === 0 ? '10.7.0.11' : '192.0.2.1')));
  expect(ended.map(({ sent, answered }) => sent - answered)).toEqual(ended.map(() => 0));
  expect(Math.min(...ended.map(({ sent }) => sent))).toBeGreaterThan(turns.length);
  expect(refused.map(({ answered }) => answered)).toEqual([0, 0]);
});
