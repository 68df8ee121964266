import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Row } from '../row.js';

const ROOT = resolve(import.meta.dirname, '../..');
const PROGRAM = join(ROOT, 'examples/star-wars/plumb.ts');
const RUNS = 9;
const WORKLOAD = 'star-wars, cold start';

/**
 * `plumb plan` of star-wars in a process of its own, against `tsc --noEmit` of the same program, one
 * after the other in one loop; then where the time goes, as the parts say of themselves. Parts overlap:
 * the type check runs beside the bundler and the program.
 */
export function run(): Promise<Row[]> {
  const directory = mkdtempSync(join(ROOT, 'examples/star-wars/.bench-'));
  try {
    const project = join(directory, 'tsconfig.json');
    writeFileSync(project, JSON.stringify({ extends: '../../../tsconfig.json', ...TSCONFIG }));
    return Promise.resolve(measure(project));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const TSCONFIG = {
  compilerOptions: { noEmit: true, incremental: false, tsBuildInfoFile: null, rootDir: '../../..' },
  include: [],
  files: ['../plumb.ts'],
};

function measure(project: string): Row[] {
  const plan: number[] = [];
  const help: number[] = [];
  const tsc: number[] = [];
  const node: number[] = [];
  const parts = new Map<string, number[]>();
  for (let i = 0; i < RUNS; i++) {
    plan.push(timed('bin/plumb', 'plan', PROGRAM, '--state', 'empty'));
    tsc.push(timed(process.execPath, 'node_modules/typescript/bin/tsc', '--project', project));
    help.push(timed('bin/plumb', '--help'));
    node.push(timed(process.execPath, '-e', '0'));
    for (const [name, ms] of Object.entries(timings())) {
      const list = parts.get(name) ?? [];
      parts.set(name, list);
      list.push(ms);
    }
  }
  const whole = median(plan);
  const row = (name: string, value: number, peer: string, peerValue: number): Row => ({
    name,
    workload: WORKLOAD,
    value: round(value),
    unit: 'ms',
    peer,
    peerValue: round(peerValue),
    ratio: Math.round((peerValue / value) * 1000) / 1000,
    runs: RUNS,
  });
  return [
    // At most 1.5 times tsc.
    { ...row('plumb plan', whole, 'tsc --noEmit of the same program', median(tsc)), reach: 0.667 },
    row('plumb --help', median(help), 'node -e 0', median(node)),
    ...[...parts].map(([name, list]) => row(`of it: ${name}`, median(list), 'the whole', whole)),
  ];
}

/** What the parts of the pipeline say of themselves, in a fresh process. */
function timings(): Record<string, number> {
  const script = `
    const started = performance.now();
    const { synthesize } = await import('./dist/src/engine/desired.js');
    const { planAgainst } = await import('./dist/src/engine.js');
    const { emptyState } = await import('./dist/src/state/canonical.js');
    const imported = performance.now();
    const desired = await synthesize(${JSON.stringify(PROGRAM)});
    const synthesized = performance.now();
    planAgainst(desired, emptyState(desired.node.name));
    const planned = performance.now();
    console.log(JSON.stringify({ modules: imported - started, ...desired.timings, plan: planned - synthesized }));`;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script],
    { cwd: ROOT, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, number>;
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

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
