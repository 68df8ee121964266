import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Row } from '../row.js';

const ROOT = resolve(import.meta.dirname, '../..');
const ENDPOINTS = 10_000;
const POLICIES = 200;
const RUNS = 5;
const WORKLOAD = `${ENDPOINTS.toLocaleString('en-US')} endpoints, ${String(POLICIES)} policies`;

const PROGRAM = `
import { App, Endpoint, NetworkPolicy, Node, tcp } from 'plumbline';

const app = new App();
const node = new Node(app, 'large', { podCIDRs: ['10.0.0.0/16'] });
for (let i = 0; i < ${String(ENDPOINTS)}; i++) {
  new Endpoint(node, 'pod-' + String(i), {
    labels: { app: 'app-' + String(i % ${String(POLICIES)}) },
    addresses: ['10.0.' + String((i >> 8) + 1) + '.' + String(i & 255)],
  });
}
for (let i = 0; i < ${String(POLICIES)}; i++) {
  new NetworkPolicy(node, 'policy-' + String(i), {
    endpointSelector: { matchLabels: { app: 'app-' + String(i) } },
    ingress: [
      {
        fromEndpoints: [{ matchLabels: { app: 'app-' + String((i + 1) % ${String(POLICIES)}) } }],
        toPorts: [tcp(8000 + i)],
      },
    ],
  });
}
`;

/** What a plan of one process says of itself. */
interface Planned {
  /** Milliseconds of planning alone, against nothing and against the same state. */
  readonly first: number;
  readonly again: number;
  readonly steps: number;
  /** Most memory that the process had, in MiB. */
  readonly memory: number;
}

/**
 * `plumb plan` of a large program in a process of its own against an empty node, and `tsc --noEmit` of
 * the same program; of it, what planning alone takes, against nothing and against what is there already.
 */
export function run(): Promise<Row[]> {
  const directory = mkdtempSync(join(ROOT, 'examples/star-wars/.bench-'));
  try {
    writeFileSync(join(directory, 'plumb.ts'), PROGRAM);
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    return Promise.resolve(measure(directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const TSCONFIG = {
  extends: '../../../tsconfig.json',
  compilerOptions: { noEmit: true, incremental: false, tsBuildInfoFile: null, rootDir: '../../..' },
  include: [],
  files: ['plumb.ts'],
};

function measure(directory: string): Row[] {
  const program = join(directory, 'plumb.ts');
  const [plan, tsc, parts]: [number[], number[], Planned[]] = [[], [], []];
  for (let i = 0; i < RUNS; i++) {
    plan.push(timed('bin/plumb', 'plan', program, '--state', 'empty'));
    tsc.push(timed(process.execPath, 'node_modules/typescript/bin/tsc', '--project', directory));
    parts.push(planned(program));
  }
  const whole = median(plan);
  const row = (name: string, value: number, peer: string, peerValue: number, unit = 'ms'): Row => ({
    ...{ name, workload: WORKLOAD, value: Math.round(value), unit, peer },
    ...{ peerValue: Math.round(peerValue), ratio: round(peerValue / value), runs: RUNS },
  });
  const of = (name: keyof Planned) => median(parts.map((part) => part[name]));
  const steps = of('steps').toLocaleString('en-US');
  return [
    row('plumb plan', whole, 'tsc --noEmit of the same program', median(tsc)),
    row(`of it: planning alone, ${steps} steps`, of('first'), 'the whole', whole),
    row('planning alone, no steps', of('again'), 'the whole', whole),
    row('memory of the process', of('memory'), 'what Node.js has by itself', bare(), 'MiB'),
  ];
}

function planned(program: string): Planned {
  return inProcess(`
    const { synthesize } = await import('./dist/src/engine/desired.js');
    const { planAgainst } = await import('./dist/src/engine.js');
    const { emptyState } = await import('./dist/src/state/canonical.js');
    const desired = await synthesize(${JSON.stringify(program)});
    const timed = (actual) => {
      const started = performance.now();
      const { steps } = planAgainst(desired, actual).plan;
      return { ms: performance.now() - started, steps: steps.length };
    };
    const first = timed(emptyState(desired.node.name));
    const again = timed(desired.state);
    if (again.steps !== 0) throw new Error('equal states have steps');
    const memory = process.resourceUsage().maxRSS / 1024;
    console.log(JSON.stringify({ first: first.ms, again: again.ms, steps: first.steps, memory }));`) as Planned;
}

function bare(): number {
  return inProcess('console.log(process.resourceUsage().maxRSS / 1024)') as number;
}

function inProcess(script: string): unknown {
  const args = ['--input-type=module', '-e', script];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

function timed(command: string, ...args: string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function round(ratio: number): number {
  return Math.round(ratio * 1000) / 1000;
}
