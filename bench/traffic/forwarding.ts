import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../row.js';
import { forwarding, ours, PORT, type Setup } from './setups.js';

const RULES = [10, 1000, 10_000] as const;
const ROUNDS = 7;
const SECONDS = 0.5;

const MODES = {
  rr: { what: 'transactions on one connection', unit: '1/s' },
  crr: { what: 'connections, each with one transaction', unit: '1/s' },
  bulk: { what: 'bulk', unit: 'bytes/s' },
} as const;
type Mode = keyof typeof MODES;

/** TCP between two endpoints of a node: ours, bare forwarding, and nftables with the same rules. */
export async function run(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-bench-'));
  const program = join(directory, 'traffic');
  const source = join(import.meta.dirname, 'traffic.c');
  const setups: Setup[] = [];
  const servers: ChildProcess[] = [];
  try {
    execFileSync('clang-19', ['-O2', '-Wall', '-Werror', source, '-o', program]);
    setups.push(forwarding('bare'));
    for (const rules of RULES) {
      setups.push(forwarding(`nft-${String(rules)}`, rules));
      setups.push(await ours(`ours-${String(rules)}`, rules));
    }
    for (const { server } of setups) servers.push(await serve(program, server));
    return (['rr', 'crr', 'bulk'] as const).flatMap((mode) => measure(program, setups, mode));
  } finally {
    for (const server of servers) server.kill();
    for (const setup of setups) setup.dispose();
    rmSync(directory, { recursive: true });
  }
}

/** Rounds through all set-ups, so that each meets the same machine; ratios are medians of the pairs. */
function measure(program: string, setups: readonly Setup[], mode: Mode): Row[] {
  const rates = new Map(setups.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const setup of setups) rates.get(setup.name)?.push(rateOf(program, setup, mode));
  }
  const of = (name: string): number[] => rates.get(name) ?? [];
  const { what, unit } = MODES[mode];
  const row = (rules: number, peer: string, peerRates: readonly number[]): Row => {
    const own = of(`ours-${String(rules)}`);
    return {
      name: `TCP, ${what}`,
      workload: `two endpoints of a node, ${rules.toLocaleString('en')} rules`,
      value: median(own),
      unit,
      peer,
      peerValue: median(peerRates),
      ratio: median(own.map((rate, i) => rate / (peerRates[i] ?? 1))),
      reach: 1,
      runs: ROUNDS,
    };
  };
  return RULES.flatMap((rules) => [
    row(rules, 'bare veth forwarding', of('bare')),
    row(rules, 'nftables with the same rules', of(`nft-${String(rules)}`)),
  ]);
}

async function serve(program: string, netns: string): Promise<ChildProcess> {
  const child = spawn('nsenter', [`--net=/run/netns/${netns}`, program, 'server', String(PORT)]);
  await new Promise((up) => child.stdout.once('data', up));
  return child;
}

function rateOf(program: string, { client, address }: Setup, mode: Mode): number {
  const args = ['client', address, String(PORT), mode, String(SECONDS)];
  const said = execFileSync('nsenter', [`--net=/run/netns/${client}`, program, ...args]);
  return Number(said.toString());
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
