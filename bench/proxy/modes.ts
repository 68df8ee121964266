import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PolicySpec } from '../../src/model/program.js';
import type { Row } from '../row.js';
import type { Setup as Plain } from '../traffic/setups.js';
import { BenchNode, policy } from './nodes.js';
import { textbook } from './textbook.js';

const MODES = ['nat', 'tproxy', 'socket'] as const;
const MANY = 200;
const many = (mode: (typeof MODES)[number]) => `${mode}, ${String(MANY)} listeners` as const;
/** Rules of a firewall that the node has of its own. */
const RULES = 100;
const walled = (mode: (typeof MODES)[number]) =>
  `${mode}, firewall of ${String(RULES)} rules` as const;
const SETUPS = [
  ...(['direct', ...MODES, many('tproxy'), many('socket')] as const),
  ...([walled('tproxy'), walled('socket'), 'textbook'] as const),
] as const;
type Setup = (typeof SETUPS)[number];

const PEERS: Partial<Record<Setup, string>> = {
  direct: 'the same without a rule of layer 7',
  textbook: 'textbook TPROXY, without plumb and its policy',
};

const PORT = 8080;
const SERVER = '10.8.0.12';
const ROUNDS = 7;
const SECONDS = 1;
const PROCESSES = 4;

const LOADS = {
  keep: `requests by HTTP, ${String(PROCESSES)} clients with a connection each`,
  new: `connections by HTTP, one request each, ${String(PROCESSES)} clients`,
  open: `connections opened and closed, ${String(PROCESSES)} clients`,
} as const;
type Load = keyof typeof LOADS;

/** Requests a second, and the mean seconds of one. */
interface Figures {
  readonly rate: number;
  readonly latency: number;
}

/** A client and a server on one node: without a rule of layer 7, and with one in each mode. */
export async function run(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-bench-'));
  const program = join(directory, 'http');
  const nodes: BenchNode[] = [];
  const servers: ChildProcess[] = [];
  let plain: Plain | undefined;
  try {
    const source = join(import.meta.dirname, 'http.c');
    execFileSync('clang-19', ['-O2', '-Wall', '-Werror', source, '-o', program]);
    const clients = new Map<Setup, Client>();
    for (const [i, setup] of SETUPS.entries()) {
      if (setup === 'textbook') continue;
      const mode = MODES.find((one) => setup.startsWith(one));
      const node = new BenchNode(`bp-${String(i)}`, mode ?? 'socket');
      nodes.push(node);
      const endpoints = [node.endpoint('client', '10.8.0.11'), node.endpoint('server', SERVER)];
      const count = setup.endsWith('listeners') ? MANY : 1;
      await node.apply(await node.plan(endpoints, policies(mode === undefined ? 0 : count)));
      if (setup.endsWith('rules')) node.addFirewall(RULES);
      servers.push(await serve(program, node.netns('server')));
      clients.set(setup, { netns: node.netns('client'), address: SERVER });
    }
    plain = await textbook('textbook', PORT, directory);
    servers.push(await serve(program, plain.server));
    clients.set('textbook', { netns: plain.client, address: plain.address });
    return (['keep', 'new', 'open'] as const).flatMap((load) => measure(program, clients, load));
  } finally {
    for (const server of servers) if (server.pid !== undefined) process.kill(-server.pid);
    plain?.dispose();
    for (const node of nodes) await node.dispose();
    rmSync(directory, { recursive: true });
  }
}

interface Client {
  readonly netns: string;
  readonly address: string;
}

/** Requests to the server by so many sets of rules, the first of them for the port that is asked. */
function policies(listeners: number): PolicySpec[] {
  if (listeners === 0) return [policy('client', 'server', PORT)];
  return Array.from({ length: listeners }, (_, i) =>
    policy('client', 'server', PORT + i, [{ method: 'GET', path: `/v${String(i + 1)}/.*` }]),
  );
}

/** Rounds through all set-ups, so that each meets the same machine; ratios are medians of the pairs. */
function measure(program: string, clients: ReadonlyMap<Setup, Client>, load: Load): Row[] {
  const figures = new Map(SETUPS.map((setup) => [setup, [] as Figures[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [setup, client] of clients)
      figures.get(setup)?.push(figuresOf(program, client, load));
  }
  const of = (setup: Setup): Figures[] => figures.get(setup) ?? [];
  const row = (unit: '1/s' | 's', own: Setup, peer: Setup, reach?: number): Row => {
    const by = unit === '1/s' ? 'rate' : 'latency';
    const [mine, others] = [of(own), of(peer)].map((list) => list.map((one) => one[by]));
    const ratios = (mine ?? []).map((value, i) => {
      const other = others?.[i] ?? 1;
      return unit === '1/s' ? value / other : other / value;
    });
    return {
      name: unit === '1/s' ? LOADS[load] : `mean time of one: ${LOADS[load]}`,
      workload: `two endpoints of a node, mode ${own}`,
      value: median(mine ?? []),
      unit,
      peer: PEERS[peer] ?? `mode ${peer}`,
      peerValue: median(others ?? []),
      ratio: median(ratios),
      ...(reach === undefined ? {} : { reach }),
      runs: ROUNDS,
    };
  };
  return [
    ...MODES.map((mode) => row('1/s', mode, 'direct')),
    row('1/s', 'socket', 'tproxy', load === 'keep' ? undefined : 1.3),
    row('1/s', 'socket', 'nat'),
    row('1/s', 'socket', 'textbook'),
    row('1/s', many('socket'), many('tproxy'), load === 'keep' ? undefined : 1.3),
    row('1/s', walled('socket'), walled('tproxy'), load === 'keep' ? undefined : 1.3),
    ...MODES.map((mode) => row('s', mode, 'direct')),
    row('s', 'socket', 'tproxy'),
  ];
}

async function serve(program: string, netns: string): Promise<ChildProcess> {
  const args = [
    `--net=/run/netns/${netns}`,
    program,
    'server',
    String(PORT),
    String(4 * PROCESSES),
  ];
  const child = spawn('nsenter', args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((up) => child.stdout.once('data', up));
  return child;
}

function figuresOf(program: string, { netns, address }: Client, load: Load): Figures {
  const args = ['client', address, String(PORT), load, String(SECONDS), String(PROCESSES)];
  const said = execFileSync('nsenter', [`--net=/run/netns/${netns}`, program, ...args]);
  const [rate = 0, latency = 0] = said.toString().split(' ').map(Number);
  return { rate, latency };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
