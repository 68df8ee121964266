import { widthsOf } from '../../src/state/columns.js';
import { plan } from '../../src/plan/make-plan.js';
import { diffColumns } from '../../src/state/difference.js';
import type { Columns } from '../../src/state/state.js';
import { columns, stateOf } from '../../test/plan/million.js';
import type { Row } from '../row.js';

const MAP = 'plumb_ipcache';
const RUNS = 15;
const MILLION = 1_000_000;
/** What the design allows a plan between two states with a million entries. */
const LIMITS = { ms: 1000, MB: 500 } as const;

/** An entry as a program that keeps one object for each would hold it. */
interface Entry {
  readonly key: string;
  readonly identity: number;
  readonly flags: number;
  readonly tunnel: string;
}

/**
 * A whole plan between two states with one changed value, against what the design allows; then the diff
 * of their rows alone, against the same comparison of two sorted arrays of objects. Time is what one
 * takes; both sides are built beforehand.
 */
export function run(): Promise<Row[]> {
  const rows = [memory(MILLION), ...planned(MILLION)];
  rows.push(...[1_000, 10_000, 50_000, MILLION].map(measure));
  return Promise.resolve(rows);
}

/** Memory is the most that the process has had, with both states in it and what was measured before. */
function planned(count: number): Row[] {
  const [before, after] = [stateOf(count), stateOf(count, Math.floor(count * 0.7))];
  const times = Array.from({ length: RUNS }, () => timed(() => plan(after, before).summary.change));
  const memory = (process.resourceUsage().maxRSS * 1024) / 1e6;
  const row = (name: string, value: number, unit: keyof typeof LIMITS): Row => ({
    ...{ name, workload: `two states of ${count.toLocaleString('en-US')} ${MAP} entries`, value },
    ...{ unit, peer: 'limit of the design', peerValue: LIMITS[unit] },
    ...{ ratio: LIMITS[unit] / value, reach: 1, runs: RUNS },
  });
  return [
    row('plan with one change', median(times), 'ms'),
    row('memory of the whole process of that', memory, 'MB'),
  ];
}

/** First, before the objects of the peer are there: the most that this process had with both sides in it. */
function memory(count: number): Row {
  const peak = () => process.resourceUsage().maxRSS / 1024;
  const bare = peak();
  timed(() => diffOf(columns(count), columns(count, 7)));
  const value = peak();
  return {
    ...{ name: 'memory of a diff', workload: `${count.toLocaleString('en-US')} ${MAP} entries` },
    ...{ value, unit: 'MiB', peer: 'the process before', peerValue: bare },
    ...{ ratio: bare / value, runs: 1 },
  };
}

function diffOf(before: Columns, after: Columns): number {
  return diffColumns(before, after, widthsOf(MAP)).changedAfter.length;
}

function measure(count: number): Row {
  const changed = Math.floor(count * 0.7);
  const before = columns(count);
  const after = columns(count, changed);
  const old = entries(count);
  const next = entries(count, changed);
  const ours: number[] = [];
  const plain: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    // Paired in one loop, so that what else the machine does weighs on both.
    ours.push(timed(() => diffOf(before, after)));
    plain.push(timed(() => diffArrays(old, next)));
  }
  const value = median(ours);
  const peerValue = median(plain);
  return {
    name: 'diff with one change',
    workload: `${count.toLocaleString('en-US')} ${MAP} entries`,
    value,
    unit: 'ms',
    peer: 'merge of two sorted arrays of objects',
    peerValue,
    ratio: peerValue / value,
    runs: RUNS,
  };
}

function timed(work: () => number): number {
  const start = performance.now();
  const found = work();
  const took = performance.now() - start;
  if (found !== 1) throw new Error(`${String(found)} differences found, not 1`);
  return took;
}

function entries(count: number, changed = -1): Entry[] {
  return Array.from({ length: count }, (_, i) => ({
    key: (0x0a000000 + i).toString(16).padStart(8, '0'),
    identity: i === changed ? 1 : 256 + (i % 60_000),
    flags: 0,
    tunnel: '::',
  }));
}

function diffArrays(before: readonly Entry[], after: readonly Entry[]): number {
  let differences = 0;
  let b = 0;
  let a = 0;
  while (b < before.length || a < after.length) {
    const old = before[b];
    const next = after[a];
    if (next === undefined || (old !== undefined && old.key < next.key)) {
      differences++;
      b++;
    } else if (old === undefined || next.key < old.key) {
      differences++;
      a++;
    } else {
      const same =
        old.identity === next.identity && old.flags === next.flags && old.tunnel === next.tunnel;
      if (!same) differences++;
      a++;
      b++;
    }
  }
  return differences;
}

function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
