import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../row.js';
import { BenchNode, policy } from './nodes.js';

const SETUPS = ['direct', 'nat', 'tproxy', 'socket'] as const;
type Setup = (typeof SETUPS)[number];

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
  try {
    const source = join(import.meta.dirname, 'http.c');
    execFileSync('clang-19', ['-O2', '-Wall', '-Werror', source, '-o', program]);
    const clients = new Map<Setup, string>();
    for (const setup of SETUPS) {
      const node = new BenchNode(`bp-${setup}`, setup === 'direct' ? 'socket' : setup);
      nodes.push(node);
      const endpoints = [node.endpoint('client', '10.8.0.11'), node.endpoint('server', SERVER)];
      const rules = setup === 'direct' ? undefined : [{ method: 'GET', path: '/v1/.*' }];
      await node.apply(await node.plan(endpoints, [policy('client', 'server', PORT, rules)]));
      servers.push(await serve(program, node.netns('server')));
      clients.set(setup, node.netns('client'));
    }
    return (['keep', 'new', 'open'] as const).flatMap((load) => measure(program, clients, load));
  } finally {
    for (const server of servers) if (server.pid !== undefined) process.kill(-server.pid);
    for (const node of nodes) await node.dispose();
    rmSync(directory, { recursive: true });
  }
}

/** Rounds through all set-ups, so that each meets the same machine; ratios are medians of the pairs. */
function measure(program: string, clients: ReadonlyMap<Setup, string>, load: Load): Row[] {
  const figures = new Map(SETUPS.map((setup) => [setup, [] as Figures[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [setup, netns] of clients) figures.get(setup)?.push(figuresOf(program, netns, load));
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
      peer: peer === 'direct' ? 'the same without a rule of layer 7' : `mode ${peer}`,
      peerValue: median(others ?? []),
      ratio: median(ratios),
      ...(reach === undefined ? {} : { reach }),
      runs: ROUNDS,
    };
  };
  return [
    ...(['nat', 'tproxy', 'socket'] as const).map((mode) => row('1/s', mode, 'direct')),
    row('1/s', 'socket', 'tproxy', load === 'open' ? 1.3 : undefined),
    row('1/s', 'socket', 'nat'),
    row('s', 'socket', 'direct'),
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

function figuresOf(program: string, netns: string, load: Load): Figures {
  const args = ['client', SERVER, String(PORT), load, String(SECONDS), String(PROCESSES)];
  const said = execFileSync('nsenter', [`--net=/run/netns/${netns}`, program, ...args]);
  const [rate = 0, latency = 0] = said.toString().split(' ').map(Number);
  return { rate, latency };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
