import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { basename, join, relative } from 'node:path';
import type { Row } from './row.js';
import { renderReadme, renderTable } from './table.js';

const here = import.meta.dirname;
const results = join(here, 'results.json');

interface Results {
  readonly machine: Record<string, string | number>;
  readonly benchmarks: Record<string, readonly Row[]>;
}

/** `policy/compile.ts` is called `policy/compile`; ONLY names it, its folder or its last part. */
function find(only: string | undefined): string[] {
  return readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^[^/]+\/[^/]+\.ts$/.test(path) && isBenchmark(path))
    .map((path) => path.replace(/\.ts$/, ''))
    .filter(
      (name) => only === undefined || [name, basename(name), name.split('/')[0]].includes(only),
    )
    .sort();
}

function isBenchmark(path: string): boolean {
  return /^export (async )?(function|const) run\b/m.test(readFileSync(join(here, path), 'utf8'));
}

/** In a process of its own, so that neither heap nor compiled code of one weighs on the next. */
async function measure(name: string): Promise<readonly Row[]> {
  const root = join(here, '..');
  const child = spawn(
    process.execPath,
    ['--expose-gc', 'scripts/ts-run.mjs', relative(root, join(here, 'child.ts')), name],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit', 'pipe'] },
  );
  let text = '';
  child.stdio[3]?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((done, failed) => {
    child.on('error', failed);
    child.on('close', done);
  });
  if (code !== 0) throw new Error(`benchmark ${name} failed`);
  return JSON.parse(text) as Row[];
}

function machine(): Results['machine'] {
  return {
    kernel: release().split('-')[0] ?? '',
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
  };
}

/** Benchmarks that did not run this time keep their rows, as long as the machine is the same. */
function earlier(): Results['benchmarks'] {
  try {
    const old = JSON.parse(readFileSync(results, 'utf8')) as Results;
    return JSON.stringify(old.machine) === JSON.stringify(machine()) ? old.benchmarks : {};
  } catch {
    return {};
  }
}

const only = process.argv[2];
const names = find(only);
if (names.length === 0) {
  process.stderr.write(`bench: there is no benchmark ${only ?? 'here'}\n`);
  process.exit(1);
}

const known = find(undefined);
const benchmarks: Record<string, readonly Row[]> = {};
for (const [name, rows] of Object.entries(earlier())) {
  if (known.includes(name)) benchmarks[name] = rows;
}
let failures = 0;
const fresh: Row[] = [];
for (const name of names) {
  process.stderr.write(`bench: ${name}\n`);
  try {
    benchmarks[name] = await measure(name);
    fresh.push(...benchmarks[name]);
  } catch (error) {
    failures++;
    process.stderr.write(`bench: ${(error as Error).message}\n`);
  }
}
const sorted = Object.fromEntries(Object.entries(benchmarks).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(results, `${JSON.stringify({ machine: machine(), benchmarks: sorted }, null, 2)}\n`);
process.stdout.write(`${renderTable(fresh)}\n\n${renderReadme(sorted)}\n`);
process.exitCode = failures === 0 ? 0 : 1;
