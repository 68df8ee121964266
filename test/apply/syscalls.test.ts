import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plannedToJson } from '../../src/engine.js';
import { undoUnconfirmed } from '../../src/engine/unconfirmed.js';
import { takeInventory, type Inventory } from '../kernel/inventory.js';
import { KernelNode } from '../kernel/node.js';
import { Killer, type Outcome } from './kill-at.js';
import { Probes } from './probes.js';
import { planTurn, provenanceOfTurn, turnTo, type Turn } from './turn.js';

/** Kills in each scenario, evenly over its system calls; `PLUMB_KILLS=1` for each of them, by steps of so many. */
const EACH = 2;
const STRIDE = process.env['PLUMB_KILLS'];

interface Scenario {
  readonly what: string;
  readonly from: Turn;
  readonly to: Turn;
  /** By `--confirm-within`: whoever is killed is undone. */
  readonly isWatched?: true;
}

/** Turns of even numbers where it does not matter: tables of Maglev are a thousand calls alike. */
const SCENARIOS: readonly Scenario[] = [
  { what: 'a first apply', from: 'none', to: 0 },
  { what: 'a change of policy, services and endpoints', from: 0, to: 2 },
  { what: 'a new identity, and a selector that splits classes', from: 2, to: 3 },
  { what: 'other programs', from: 8, to: 10 },
  { what: 'a removal', from: 2, to: 'none' },
  { what: 'a filter of HTTP', from: 0, to: 'socket' },
  { what: 'a change that is to be confirmed', from: 0, to: 2, isWatched: true },
];

let node: KernelNode;
let killer: Killer;
beforeAll(() => {
  node = new KernelNode('plk-kill');
  killer = new Killer();
});
afterAll(() => {
  killer.dispose();
  node.dispose();
});

const turn = (to: Turn) => turnTo(node.name, node.instance, to);
const where = () => ({ netns: node.name, root: node.root });

/** `bin/plumb` from one turn to the next, killed at a system call of its; 0: at none. */
async function plumb(call: number, { to, isWatched }: Scenario): Promise<Outcome> {
  const flags = ['--yes', '--quiet', '--netns', node.name, '--root', node.root];
  if (to === 'none') return killer.run(call, node.root, ['bin/plumb', 'destroy', ...flags]);
  const plan = await planTurn(node.name, node.instance, to);
  const program = provenanceOfTurn(node.name, to) ?? null;
  const file = join(node.root, 'plan.json');
  writeFileSync(file, JSON.stringify(plannedToJson({ plan, traffic: [], program })));
  const watched = isWatched === true ? ['--confirm-within', '60s'] : [];
  return killer.run(call, node.root, ['bin/plumb', 'apply', file, ...flags, ...watched]);
}

/** Without the BPF objects of the whole machine: what nobody pinned or attached went with who held it. */
function inventory(): Inventory {
  const all = Object.entries(takeInventory([node.name], [node.bpffs]));
  return Object.fromEntries(
    all.filter(([what]) => !['programs', 'maps', 'bpfLinks'].includes(what)),
  );
}

const runFiles = (): string[] =>
  existsSync(node.instance.runDir) ? readdirSync(node.instance.runDir).sort() : [];

/** Until whoever watches has undone it, or who is asked to. */
async function undone(): Promise<void> {
  for (let tries = 0; tries < 200 && runFiles().includes('unconfirmed.json'); tries++) {
    await undoUnconfirmed(where()).catch(() => sleep(50));
  }
}

/** One apply, or the undo of one, makes what a kill left what it should be, and sweeps its files. */
async function converge({ from, to, isWatched }: Scenario, at: string): Promise<void> {
  if (isWatched === true) await undone();
  const end = isWatched === true ? from : to;
  if (isWatched !== true) await turn(end);
  expect((await planTurn(node.name, node.instance, end)).steps, at).toEqual([]);
  if (end === 'none') {
    expect(runFiles(), at).toEqual([]);
    return;
  }
  const provenance = readFileSync(join(node.instance.runDir, 'provenance.json'), 'utf8');
  expect(JSON.parse(provenance), at).toEqual(provenanceOfTurn(node.name, end));
  const known = ['provenance.json', 'provenance.previous.json', 'proxy'];
  // What a kill before the lock, or after it, leaves waits for the next who takes it.
  if (isWatched === true) await turn(end);
  expect(
    runFiles().filter((name) => !known.includes(name)),
    at,
  ).toEqual([]);
}

describe.each(SCENARIOS)('$what', (scenario) => {
  const { from, to } = scenario;
  const isKept = from !== 'none' && to !== 'none';

  test(
    'that is killed at a system call is judged by the old or the new, and taken up by the next',
    { timeout: 7_200_000 },
    async () => {
      const nothing = inventory();
      await turn(from);
      const whole = await plumb(0, scenario);
      expect(whole).toMatchObject({ killed: null, code: 0 });
      await converge(scenario, 'whole');
      const stride = STRIDE === undefined ? Math.ceil(whole.count / EACH) : Number(STRIDE);
      const killedAt = new Map<string, number>();
      let probes: Probes | undefined;
      try {
        for (let call = 1 + (stride >> 1); call <= whole.count; call += stride) {
          await turn(from);
          if (from !== 'none') probes ??= await Probes.open(node.name, { isAllowed: isKept });
          const outcome = await plumb(call, scenario);
          const at = `at call ${String(call)}, ${String(outcome.killed)}`;
          // Of a first apply: what is there by now is judged as it stands, and while the next goes on.
          if (from === 'none') probes = await Probes.open(node.name, { isAllowed: false });
          await converge(scenario, at);
          await probes?.check(at);
          if (!isKept) {
            probes?.close();
            probes = undefined;
          }
          // Threads do not always share the work alike: this time it was fewer calls.
          if (outcome.killed === null) continue;
          killedAt.set(outcome.killed, (killedAt.get(outcome.killed) ?? 0) + 1);
        }
      } finally {
        probes?.close();
      }
      expect(killedAt.size).toBeGreaterThan(0);
      if (STRIDE !== undefined)
        console.log(scenario.what, whole.calls, Object.fromEntries(killedAt));
      await turn('none');
      expect(inventory()).toEqual(nothing);
      expect(existsSync(join(node.root, 'run'))).toBe(false);
    },
  );
});
