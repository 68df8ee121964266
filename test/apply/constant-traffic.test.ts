import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMetrics } from '../../src/kernel/metrics.js';
import { OBJECT } from '../bpf/datapath.js';
import { KernelNode } from '../kernel/node.js';
import { TrafficAgent, type Counts, type LoadKind } from '../traffic/agent.js';
import { busyProgram } from './busy-program.js';
import { buildSecondDatapath, type SecondDatapath } from './second-datapath.js';
import { turnBy, turnTo } from './turn.js';

/** `PLUMB_APPLIES=1000` for the whole of it. */
const APPLIES = Number(process.env['PLUMB_APPLIES'] ?? 24);
/** The turn after which services and masquerading come and go too: until then somebody uses them. */
const LATER = Math.ceil(APPLIES * 0.7);
/** Milliseconds between two questions of one load. */
const INTERVAL = 10;

/** Why packets may be dropped here: policy, and what interfaces send by themselves, also new ones. */
const EXPECTED = new Set<string>([
  'forwarded',
  'policy-default-deny',
  'unsupported-multicast',
  'neighbor-query',
  'no-device',
  // The stranger's, to a service that has just gone: the host still leads it to the node's device.
  'spoofed-source',
]);

type Load = readonly [from: string, kind: LoadKind, address: string, port: number];

const ALLOWED: readonly Load[] = [
  ['client', 'datagrams', '10.7.0.21', 53],
  ['client', 'datagrams', 'fd07::22', 53],
  ['client', 'connections', '10.7.0.21', 80],
  ['client', 'dialogue', 'fd07::21', 80],
  ['client', 'echoes', 'fd07::21', 0],
  ['client', 'echoes', '10.7.0.22', 0],
];
const ALLOWED_AT_FIRST: readonly Load[] = [
  ['client', 'datagrams', '2001:db8::9', 53],
  ['client', 'connections', '192.0.2.9', 80],
  ['client', 'datagrams', '10.96.7.1', 53],
  ['client', 'connections', '10.96.7.1', 80],
  ['client', 'connections', 'fd96:7::1', 80],
  ['client', 'dialogue', '10.96.7.1', 80],
];
const DENIED: readonly Load[] = [
  ['client', 'datagrams', '10.7.0.21', 81],
  ['stranger', 'connections', 'fd07::22', 81],
  ['stranger', 'datagrams', '10.7.0.21', 53],
  ['stranger', 'datagrams', 'fd96:7::1', 53],
  ['stranger', 'connections', '10.7.0.22', 80],
  ['stranger', 'echoes', 'fd07::22', 0],
  ['muted', 'datagrams', '10.7.0.21', 54],
  ['muted', 'datagrams', 'fd07::22', 54],
  ['muted', 'connections', '192.0.2.9', 81],
];

let node: KernelNode;
let second: SecondDatapath;
const agents = new Map<string, TrafficAgent>();

/** Both objects in turn: every fifth apply is an upgrade, or its undoing. */
const apply = (turn: number): Promise<unknown> => {
  const season = { isSparse: turn > LATER };
  const programOf = (one: number) => busyProgram(node.name, one, season);
  return turnBy(node.instance, programOf, turn, turn % 10 < 5 ? OBJECT : second.object);
};

beforeAll(async () => {
  second = buildSecondDatapath();
  node = new KernelNode('plk-busy');
  joinWorld(`${node.name}-world`);
  await apply(0);
  for (const name of ['client', 'stranger', 'muted', 'one', 'two', 'world'])
    agents.set(name, await TrafficAgent.open(`${node.name}-${name}`));
  for (const name of ['one', 'two', 'world']) {
    for (const port of [80, 81, 8080]) await agents.get(name)!.serve('tcp', port, name);
    for (const port of [53, 54, 81, 5353]) await agents.get(name)!.serve('udp', port, name);
  }
  // The compiler has to run.
}, 180_000);

afterAll(async () => {
  for (const agent of agents.values()) agent.close();
  await turnTo(node.name, node.instance, 'none');
  node.dispose();
  second.remove();
});

/** A namespace behind the node's uplink, which knows the way back to its endpoints. */
function joinWorld(world: string): void {
  const ip = (...args: readonly string[]) => node.inside(world, 'ip', ...args);
  execFileSync('ip', ['netns', 'add', world]);
  node.ip('link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up0', 'netns', world);
  node.ip('address', 'add', '192.0.2.1/24', 'dev', 'up0');
  node.ip('address', 'add', '2001:db8::1/64', 'dev', 'up0', 'nodad');
  node.ip('link', 'set', 'up0', 'up');
  for (const name of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding'])
    node.inside(node.name, 'sysctl', '-qw', `${name}=1`);
  ip('address', 'add', '192.0.2.9/24', 'dev', 'up0');
  ip('address', 'add', '2001:db8::9/64', 'dev', 'up0', 'nodad');
  ip('link', 'set', 'up0', 'up');
  ip('route', 'add', '10.7.0.0/24', 'via', '192.0.2.1');
  ip('route', 'add', 'fd07::/64', 'via', '2001:db8::1');
}

/** Starts loads; what is returned stops them. */
async function start(loads: readonly Load[]): Promise<() => Promise<Counts[]>> {
  const stops = await Promise.all(
    loads.map(([from, kind, address, port]) =>
      agents.get(from)!.load(kind, address, port, INTERVAL),
    ),
  );
  return () => Promise.all(stops.map((stop) => stop()));
}

test(
  `${String(APPLIES)} applies lose no packet that is allowed, and deliver none that is denied`,
  { timeout: 60_000 + APPLIES * 4000 },
  async () => {
    const allowed = await start(ALLOWED);
    const atFirst = await start(ALLOWED_AT_FIRST);
    const denied = await start(DENIED);
    for (let turn = 1; turn <= LATER; turn++) await apply(turn);
    const before = await atFirst();
    for (let turn = LATER + 1; turn <= APPLIES; turn++) await apply(turn);
    const ended = [...(await allowed()), ...before];
    const refused = await denied();
    report(ended, refused);

    const loads = [...ALLOWED, ...ALLOWED_AT_FIRST].map((load) => load.join(' '));
    expect(lostOf(loads, ended)).toEqual(Object.fromEntries(loads.map((load) => [load, 0])));
    expect(ended.every(({ sent }) => sent > LATER)).toBe(true);
    // Nothing was dropped for want of a row that was on its way.
    const reasons = new Set((await readMetrics(node.instance)).map(({ reason }) => reason));
    expect([...reasons].filter((reason) => !EXPECTED.has(reason))).toEqual([]);
    expect(refused.map(({ answered }) => answered)).toEqual(refused.map(() => 0));
    expect(refused.every(({ sent }) => sent > LATER)).toBe(true);
    for (const name of ['one', 'two', 'world'])
      for (const port of [54, 81]) expect(await agents.get(name)!.heard(port)).toBe(0);
    // The others' connections are sent again and again; nobody else has to.
    for (const name of ['client', 'one', 'two', 'world'])
      expect(await agents.get(name)!.retransmitted(), `by ${name}`).toBe(0);
  },
);

function lostOf(loads: readonly string[], counts: readonly Counts[]): Record<string, number> {
  return Object.fromEntries(
    counts.map(({ sent, answered }, i) => [loads[i] ?? '', sent - answered]),
  );
}

/** Of a run of the whole: what went through, for those who write it down. */
function report(allowed: readonly Counts[], denied: readonly Counts[]): void {
  if (process.env['PLUMB_APPLIES'] === undefined) return;
  const sum = (counts: readonly Counts[], name: keyof Counts): number =>
    counts.reduce((total, one) => total + one[name], 0);
  console.log(
    `allowed: ${sum(allowed, 'sent')} sent, ${sum(allowed, 'answered')} answered; ` +
      `denied: ${sum(denied, 'sent')} sent, ${sum(denied, 'answered')} answered`,
  );
}
