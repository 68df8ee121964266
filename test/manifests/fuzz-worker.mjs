// Judges cases on a thread of its own, so that whoever waits can tell one that never ends.
import { register } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

register('../../scripts/ts-hooks.mjs', import.meta.url);
const { caseOf, seeds } = await import('./fuzz-cases.ts');
const { judge } = await import('./fuzz-judge.ts');

const { run, first, count, step, progress } = workerData;
const all = seeds();
for (let n = first; n < count; n += step) {
  Atomics.store(progress, 0, n);
  const tried = caseOf(all, run, n);
  const problem = judge(tried);
  if (problem === undefined) continue;
  parentPort?.postMessage({ n, problem, what: tried.what, text: tried.texts[0] });
}
Atomics.store(progress, 0, -1);
