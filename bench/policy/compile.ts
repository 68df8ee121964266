import { compilePolicy, type CompileInput } from '../../src/policy/compile.js';
import type { Labels, PolicySpec } from '../../src/model/program.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { encodeKey, encodeValue } from '../../src/state/codec.js';
import { labelsW, refCount, singletons, workloadW } from '../../test/policy/workload-w.js';
import type { Row } from '../row.js';
import { compilePerIdentity, countEntries } from './per-identity.js';

const RUNS = 15;
const CHANGES = 300;
/** Figures of Cilium's engine that the design states: measured there on 2 cores, not in this run. */
const STATED = "Cilium's engine of Feb 2023, figure from the design, not paired";
const PAIRED = 'one entry per endpoint and identity, paired';
const MB = 1e6;

/** Compile of workload W, of its changes, and of its worst case. Pure: no map is written. */
export function run(): Promise<Row[]> {
  // Memory first, while nothing else has been on the heap.
  const rows = [memory(), ...entries(50_000, 1_000)];
  rows.push(compile(1_000, 100), compile(10_000, 1_000, 1_700), compile(50_000, 1_000, 8_200));
  rows.push(newIdentity(), ...[1, 10, 100].map(ruleAdded));
  rows.push(ruleAddedWithNewPeers(), ...worstCase(50_000));
  return Promise.resolve(rows);
}

function memory(): Row {
  const input = workloadW(50_000, 1_000);
  const compiled = compilePolicy(input);
  const value = process.memoryUsage.rss() / MB;
  if (compiled.heads.size === 0) throw new Error('nothing was compiled');
  return stated('memory of the whole process', sizeText(input), value, 'MB', 738, 738 / 150, 1);
}

function entries(identities: number, rules: number): Row[] {
  const input = workloadW(identities, rules);
  const compiled = compilePolicy(input);
  const theirs = countEntries(compilePerIdentity(input));
  const policy = policyEntries(compiled);
  const all = policy + compiled.classes.size;
  return [
    against('entries of policy', sizeText(input), policy, 'entries', PAIRED, theirs, 300),
    against(
      'entries, with those that say whose class',
      sizeText(input),
      all,
      'entries',
      PAIRED,
      theirs,
    ),
  ];
}

/** Refs, entries of tables, heads. */
function policyEntries(compiled: CompiledPolicy): number {
  const inTables = [...compiled.tables.values()].reduce((sum, table) => sum + table.length, 0);
  return refCount(compiled) + inTables + compiled.heads.size;
}

function compile(identities: number, rules: number, peerTime?: number): Row {
  const input = workloadW(identities, rules);
  const value = median(times(() => compilePolicy(input)));
  if (peerTime !== undefined) {
    return stated('compile', sizeText(input), value, 'ms', peerTime, 80);
  }
  const theirs = median(times(() => compilePerIdentity(input)));
  return against('compile', sizeText(input), value, 'ms', PAIRED, theirs);
}

function newIdentity(): Row {
  const input = workloadW(10_000, 1_000);
  const compiled = compilePolicy(input);
  let next = 10_000;
  const took = times(() => {
    const identity = { id: 256 + next, labels: labelsW(next) };
    next++;
    const id = compiled.classOf(identity);
    if (id === undefined) throw new Error('no class');
    const rows = [
      encodeKey('plumb_classes', { identity: identity.id }),
      encodeValue('plumb_classes', { class: id }),
      encodeKey('plumb_ipcache', { address: '10.0.0.7' }),
      encodeValue('plumb_ipcache', { identity: identity.id }),
    ];
    return rows.length;
  }, 2_000);
  const value = median(took) * 1_000;
  const name = 'new identity: its class and two entries';
  return stated(name, sizeText(input), value, 'us', 436, 436 / 20, took.length);
}

/** What Cilium takes for one rule added, by how many endpoints it concerns, in ms. */
const RULE_ADDED: Readonly<Record<number, number>> = { 1: 6, 10: 53, 100: 631 };

function ruleAdded(concerned: number): Row {
  const before = workloadW(10_000, 1_000);
  const compiled = compilePolicy(before);
  let port = 8_000;
  const add = () => {
    // Another rule every time: what one left behind must not help the next.
    port++;
    const after = {
      ...before,
      policies: [...before.policies, addedRule(concerned, 'svc50', port)],
    };
    return compilePolicy(after, compiled);
  };
  const value = median(times(add, CHANGES));
  const changed = [...add().versions.keys()].filter((version) => !compiled.versions.has(version));
  if (changed.length !== concerned) throw new Error(`${String(changed.length)} versions changed`);
  const name = `rule added for ${String(concerned)} of the endpoints`;
  return stated(name, sizeText(before), value, 'ms', RULE_ADDED[concerned] ?? NaN, 30, CHANGES);
}

/** A rule that tells peers apart that were alike splits classes: nothing but the reading is kept. */
function ruleAddedWithNewPeers(): Row {
  const before = workloadW(10_000, 1_000);
  const compiled = compilePolicy(before);
  let number = 0;
  const add = () => {
    number++;
    const rule = addedRule(1, 'svc50', 8_443, { namespace: `ns${String(number)}` });
    return compilePolicy({ ...before, policies: [...before.policies, rule] }, compiled);
  };
  const name = 'rule added for 1 of the endpoints, with peers that no other names';
  return stated(name, sizeText(before), median(times(add, CHANGES)), 'ms', 6, undefined, CHANGES);
}

function addedRule(concerned: number, app: string, port: number, more: Labels = {}): PolicySpec {
  return {
    name: 'added',
    origin: { path: 'w/added' },
    endpointSelector: concernedSelector(concerned),
    ingress: [
      {
        endpoints: [{ matchLabels: { app, ...more } }],
        toPorts: [{ ports: [{ port, protocol: 'TCP' }] }],
      },
    ],
  };
}

function concernedSelector(concerned: number) {
  if (concerned === 1) return { matchLabels: { app: 'svc0' } };
  return concerned === 10 ? { matchLabels: { tier: 'tier0' } } : {};
}

function worstCase(count: number): Row[] {
  const input = singletons(count);
  const compiled = compilePolicy(input);
  const own: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    // Paired in one loop, so that what else the machine does weighs on both.
    own.push(...times(() => compilePolicy(input), 1));
    theirs.push(...times(() => compilePerIdentity(input), 1));
  }
  const workload = `${sizeText(input)}, every identity a class of its own`;
  const peerEntries = countEntries(compilePerIdentity(input));
  return [
    against(
      'entries of policy',
      workload,
      policyEntries(compiled),
      'entries',
      PAIRED,
      peerEntries,
      1 / 1.2,
    ),
    against('compile', workload, median(own), 'ms', PAIRED, median(theirs), 1 / 1.2),
  ];
}

function against(
  name: string,
  workload: string,
  value: number,
  unit: string,
  peer: string,
  peerValue: number,
  reach?: number,
  runs = unit === 'entries' ? 1 : RUNS,
): Row {
  const ratio = peerValue / value;
  return {
    name,
    workload,
    value,
    unit,
    peer,
    peerValue,
    ratio,
    runs,
    ...(reach === undefined ? {} : { reach }),
  };
}

function stated(
  name: string,
  workload: string,
  value: number,
  unit: string,
  peerValue: number,
  reach?: number,
  runs = RUNS,
): Row {
  return against(name, workload, value, unit, STATED, peerValue, reach, runs);
}

function sizeText({ policies, identities, subjects }: CompileInput): string {
  // Reserved identities are not counted: the workload's size is the cluster's.
  const cluster = identities.filter(({ id }) => id >= 256).length;
  const counts = [`${figure(cluster)} identities`, `${figure(policies.length)} rules`];
  return [...counts, `${figure(subjects.length)} endpoints`].join(', ');
}

const figure = (count: number): string => count.toLocaleString('en-US');

function times(work: () => unknown, runs = RUNS): number[] {
  return Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
