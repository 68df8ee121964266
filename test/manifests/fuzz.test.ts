import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { caseOf, seeds } from './fuzz-cases.js';

/** As many mangled documents as the suite has time for; PLUMB_FUZZ says how many else. */
const COUNT = Number(process.env['PLUMB_FUZZ'] ?? 2000);

/** Case `n` of a run is the same wherever it runs; PLUMB_SEED repeats one. */
const RUN = Number(process.env['PLUMB_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Of one document, in milliseconds, on a busy machine. */
const DEADLINE = 20_000;

/** More than these say nothing new. */
const SHOWN = 20;

interface Problem {
  readonly n: number;
  readonly problem: string;
  readonly what?: string;
  readonly text?: string;
}

/** Judges its share of the cases on a thread that can be ended. */
function share(first: number, step: number): Promise<Problem[]> {
  const progress = new Int32Array(new SharedArrayBuffer(4)).fill(first);
  const worker = new Worker(new URL('fuzz-worker.mjs', import.meta.url), {
    workerData: { run: RUN, first, count: COUNT, step, progress },
  });
  const problems: Problem[] = [];
  return new Promise((done, failed) => {
    let [seen, since] = [-1, performance.now()];
    const watch = setInterval(() => {
      const at = Atomics.load(progress, 0);
      if (at !== seen || at < 0) [seen, since] = [at, performance.now()];
      if (performance.now() - since > DEADLINE) {
        problems.push({ n: at, problem: 'did not end' });
        void worker.terminate();
      }
    }, 500);
    worker.on('message', (problem: Problem) => {
      problems.push(problem);
      if (problems.length >= SHOWN) void worker.terminate();
    });
    worker.on('error', failed);
    worker.on('exit', () => {
      clearInterval(watch);
      done(problems);
    });
  });
}

describe('documents that were mangled', () => {
  it(
    'are read, or refused in words for users: no key or value is passed over',
    { timeout: 24 * 3_600_000 },
    async () => {
      const threads = COUNT > 10_000 ? availableParallelism() : 1;
      const all = await Promise.all(
        Array.from({ length: threads }, (_, first) => share(first, threads)),
      );
      expect(all.flat(), `PLUMB_SEED=${String(RUN)}`).toEqual([]);
    },
  );

  it('are of every kind, the same for the same seed', () => {
    const all = seeds();
    const some = Array.from({ length: 300 }, (_, n) => caseOf(all, 1, n));
    const oracles = new Set(some.map(({ oracle }) => oracle));
    expect([...oracles].sort()).toEqual(['refused', 'refused or another', 'refused or read']);
    expect(some[7]?.texts).toEqual(caseOf(all, 1, 7).texts);
    expect(new Set(some.map(({ texts }) => texts[0])).size).toBeGreaterThan(250);
  });
});
