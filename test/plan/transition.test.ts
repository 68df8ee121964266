import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../../src/plan/make-plan.js';
import { simulate } from '../../src/plan/simulate.js';
import type { Step } from '../../src/plan/plan.js';
import { normalizeState } from '../../src/state/canonical.js';
import { rowsOf } from '../../src/state/columns.js';
import { entries, PREVIOUS_HEADS } from '../../src/state/kinds/bpf-entries.js';
import { entriesByKey, withoutPrevious } from '../../src/state/previous.js';
import type { State } from '../../src/state/state.js';
import { verdicts } from './judge.js';
import { compile, world, type World } from './world.js';

function commitOf(steps: readonly Step[]): number {
  return steps.findIndex((step) => step.flip === true);
}

function expectSame(actual: Map<string, string>, expected: Map<string, string>, at: string): void {
  for (const [what, verdict] of expected) {
    const got = actual.get(what);
    if (got !== undefined && got !== verdict) {
      expect.fail(`${at}: ${what} is ${got}, not ${verdict}`);
    }
  }
}

/** Who exists on both sides; of others only one policy says anything. */
function common(
  a: Map<string, string>,
  b: Map<string, string>,
): (of: Map<string, string>) => Map<string, string> {
  return (of) => new Map([...of].filter(([what]) => a.has(what) && b.has(what)));
}

function checkEveryStep(actual: State, desired: State): State {
  const { steps } = plan(desired, actual);
  const commit = commitOf(steps);
  const [old, next] = [verdicts(actual), verdicts(desired)];
  const both = common(old, next);
  for (let done = 0; done <= steps.length; done++) {
    const state = simulate(actual, steps.slice(0, done));
    const expected = both(commit < 0 || done > commit ? next : old);
    const now = verdicts(state);
    for (const what of expected.keys()) {
      if (!now.has(what)) expect.fail(`after step ${done} nobody judges ${what}`);
    }
    expectSame(
      now,
      expected,
      `after step ${done} of ${steps.length} (${steps[done - 1]?.key ?? 'none'})`,
    );
  }
  return simulate(actual, steps);
}

describe('a change of policy', () => {
  it('has every packet judged by the old policy before the commit and by the new one after it', () => {
    fc.assert(
      fc.property(world, world, (a, b) => {
        checkEveryStep(compile(a), compile(b));
      }),
      { numRuns: 250 },
    );
  });

  it('does so also on top of a policy that is kept for undo', () => {
    fc.assert(
      fc.property(world, world, world, (a, b, c) => {
        const middle = simulate(compile(a), plan(compile(b), compile(a)).steps);
        const last = checkEveryStep(middle, compile(c));
        expect(plan(compile(c), last).steps).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  it('keeps the policy before for undo only if it still judges as it did', () => {
    let kept = 0;
    fc.assert(
      fc.property(world, world, (a, b) => {
        const [actual, desired] = [compile(a), compile(b)];
        const { steps } = plan(desired, actual);
        const after = simulate(actual, steps);
        if (commitOf(steps) < 0 || after.previous?.includes(PREVIOUS_HEADS) !== true) return;
        kept++;
        const commit = steps[commitOf(steps)];
        if (commit === undefined) return;
        const undone = verdicts(simulate(after, [commit]));
        const old = verdicts(actual);
        expectSame(undone, common(old, verdicts(desired))(old), 'after the undo');
      }),
      { numRuns: 250 },
    );
    expect(kept).toBeGreaterThan(10);
  });

  it('keeps it through changes of other rows', () => {
    const settled = twoPolicies('any');
    expect(settled.previous).toContain(PREVIOUS_HEADS);
    const other = compile({ ...second('any'), allowLocalhost: true });
    const after = simulate(settled, plan(other, settled).steps);
    expect(after.previous).toEqual(settled.previous);
  });

  it('drops it when it would let a stranger through, before the stranger is there', () => {
    const settled = twoPolicies('any');
    const { steps } = plan(withStranger(compile(second('any'))), settled);
    expect(steps[0]).toMatchObject({ phase: 'stage', action: 'delete', key: 'plumb_heads' });
    const after = simulate(settled, steps);
    expect(after.previous).toBeUndefined();
    expect(withoutPrevious(after)).toEqual(withStranger(compile(second('any'))));
  });

  it('keeps it when it would deny the stranger anyway', () => {
    const settled = twoPolicies(1);
    const { steps } = plan(withStranger(compile(second(1))), settled);
    expect(simulate(settled, steps).previous).toEqual(settled.previous);
  });
});

const EVERY_PORT = { subject: 1, direction: 'ingress', allow: true } as const;
const EGRESS = { ...EVERY_PORT, direction: 'egress', peer: 1, port: 80 } as const;

function second(peer: number | string): World {
  const rules = [{ ...EVERY_PORT, peer, port: 443 }, EGRESS];
  return { endpoints: [0], rules, allowLocalhost: false };
}

/** What is there after port 80 was changed to 443, for a peer. */
function twoPolicies(peer: number | string): State {
  const first = compile({ ...second(peer), rules: [{ ...EVERY_PORT, peer, port: 80 }, EGRESS] });
  return simulate(first, plan(compile(second(peer)), first).steps);
}

/** The same with an identity of a class that no policy has a row for. */
function withStranger(state: State): State {
  const classes = entriesByKey(state).get('plumb_classes');
  if (classes === undefined) throw new Error('the state has no classes');
  const rows = rowsOf('plumb_classes', classes.columns);
  const stranger = { key: { identity: 77 }, value: { class: 0xdead } };
  const resources = state.resources.filter((r) => r !== classes);
  return normalizeState({
    ...state,
    resources: [...resources, entries('plumb_classes', [...rows, stranger])],
  });
}
