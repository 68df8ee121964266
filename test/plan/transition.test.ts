import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../../src/plan/make-plan.js';
import { simulate } from '../../src/plan/simulate.js';
import type { Step } from '../../src/plan/plan.js';
import { PREVIOUS_HEADS } from '../../src/state/kinds/bpf-entries.js';
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
      { numRuns: 400 },
    );
  });

  it('does so also on top of a policy that is kept for undo', () => {
    fc.assert(
      fc.property(world, world, world, (a, b, c) => {
        const middle = simulate(compile(a), plan(compile(b), compile(a)).steps);
        const last = checkEveryStep(middle, compile(c));
        expect(plan(compile(c), last).steps).toEqual([]);
      }),
      { numRuns: 200 },
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
      { numRuns: 400 },
    );
    expect(kept).toBeGreaterThan(10);
  });

  it('keeps it through changes of other rows, and drops it when it could let a stranger through', () => {
    const rule = { subject: 1, direction: 'ingress', peer: 'any', port: 80, allow: true } as const;
    const a: World = { endpoints: [0], rules: [rule], allowLocalhost: false };
    const b: World = { ...a, rules: [{ ...rule, port: 443 }] };
    const settled = simulate(compile(a), plan(compile(b), compile(a)).steps);
    expect(settled.previous).toContain(PREVIOUS_HEADS);
    const same = simulate(settled, plan(compile({ ...b, allowLocalhost: true }), settled).steps);
    expect(same.previous).toEqual(settled.previous);
  });
});
