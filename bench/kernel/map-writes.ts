import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mapFlags } from '../../src/kernel/bpf-map.js';
import { BpfMap } from '../../src/kernel/native.js';
import { layoutOf, structsOf } from '../../src/state/struct.js';
import type { MapName } from '../../src/state/layout.js';
import type { Row } from '../row.js';

/** bpf_map_type numbers. */
const TYPE_NUMBER: Readonly<Record<string, number>> = { hash: 1, lpm_trie: 11 };

const MAPS = ['plumb_ipcache', 'plumb_ipcache_lpm'] as const satisfies readonly MapName[];
const COUNTS = [1_000, 10_000, 50_000];
const ROUNDS = 9;
/** Fills of a new map in each round, of which the quickest counts: the others met something else. */
const FILLS = 5;
/** Entries in one system call, as many as the package sends. */
const CHUNK = 4096;

interface Workload {
  readonly map: MapName;
  readonly count: number;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
}

/** Entries a second into a new map: the native package from TypeScript, and the same batch from C. */
export async function run(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-bench-'));
  const program = join(directory, 'map-writes');
  const source = join(import.meta.dirname, 'map-writes.c');
  try {
    execFileSync('clang-19', ['-O2', '-Wall', '-Werror', source, '-o', program, '-lbpf']);
    const rows: Row[] = [];
    for (const map of MAPS) {
      for (const count of COUNTS) rows.push(await measure(program, workload(map, count)));
    }
    return rows;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Rounds of one after the other, so that both meet the same machine; the ratio is the median of the pairs. */
async function measure(program: string, work: Workload): Promise<Row> {
  const ours: number[] = [];
  const theirs: number[] = [];
  await fromTypeScript(work);
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(work.count / fromC(program, work));
    ours.push(work.count / (await fromTypeScript(work)));
  }
  return {
    name: `map writes, ${layoutOf(work.map).type}`,
    workload: `${work.count.toLocaleString('en')} entries in one batch`,
    value: median(ours),
    unit: 'entries/s',
    peer: 'the same batch from C (libbpf)',
    peerValue: median(theirs),
    ratio: median(ours.map((value, i) => value / (theirs[i] ?? 1))),
    reach: 0.9,
    runs: ROUNDS,
  };
}

/** Distinct addresses in a scattered order, and prefixes of the whole address for a trie. */
function workload(map: MapName, count: number): Workload {
  const { key, value } = structsOf(map, 'kernel');
  const keys = new Uint8Array(count * key.size);
  const values = new Uint8Array(count * value.size);
  const view = new DataView(keys.buffer);
  const addressAt = key.size - 16;
  for (let i = 0; i < count; i++) {
    if (addressAt > 0) view.setUint32(i * key.size, 128, true);
    // An odd multiplier makes a permutation of the 32-bit numbers.
    view.setUint32((i + 1) * key.size - 4, Math.imul(i, 2_654_435_761) >>> 0);
    values[i * value.size] = 1;
  }
  return { map, count, keys, values };
}

/** Seconds for the quickest fill. */
async function fromTypeScript({ map, count, keys, values }: Workload): Promise<number> {
  const { key, value } = structsOf(map, 'kernel');
  const { type } = layoutOf(map);
  let best = Infinity;
  for (let i = 0; i < FILLS; i++) {
    const target = BpfMap.create({
      type,
      name: 'bench',
      keySize: key.size,
      valueSize: value.size,
      maxEntries: count,
      flags: mapFlags(type),
    });
    const start = process.hrtime.bigint();
    await target.updateBatch(keys, values, count);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e9);
    target.close();
  }
  return best;
}

function fromC(program: string, { map, count, keys, values }: Workload): number {
  const { key, value } = structsOf(map, 'kernel');
  const { type } = layoutOf(map);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(count);
  const numbers = [TYPE_NUMBER[type] ?? 0, mapFlags(type), key.size, value.size, CHUNK, FILLS];
  const output = execFileSync(program, numbers.map(String), {
    input: Buffer.concat([head, keys, values]),
    encoding: 'utf8',
  });
  return Math.min(...output.trim().split('\n').map(Number)) / 1e9;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
