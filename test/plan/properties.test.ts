import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../../src/plan/make-plan.js';
import { inverse, simulate } from '../../src/plan/simulate.js';
import { planFromJson, planToJson } from '../../src/plan/plan-json.js';
import { emptyState, fingerprint } from '../../src/state/canonical.js';
import { withoutPrevious } from '../../src/state/previous.js';
import { stateFromText, stateToText } from '../../src/state/json.js';
import { MAPS } from '../../src/state/layout.js';
import type { State } from '../../src/state/state.js';
import { extras, withExtras } from './extras.js';
import { Pair } from './touched.js';
import { compile, world } from './world.js';

const states: fc.Arbitrary<State> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(world, extras)
      .map(([w, more]) => withExtras(compile(w, { devices: true }), more)),
  },
  { weight: 1, arbitrary: fc.constant(emptyState('hoth')) },
);

/** Two states that have some parts in common. */
const related = fc
  .tuple(world, world, extras, extras, fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }))
  .map(([w, w2, e, e2, picks]): [State, State] => {
    const mixed = <T extends object>(one: T, other: T, from: number): T =>
      Object.fromEntries(
        Object.keys(one).map((key, i) => {
          const source = picks[from + i] === true ? other : one;
          return [key, source[key as keyof T]];
        }),
      ) as T;
    const state = (v: typeof w, more: typeof e): State =>
      withExtras(compile(v, { devices: true }), more);
    return [state(w, e), state(mixed(w, w2, 0), mixed(e, e2, 3))];
  });

/** Staged beside what is live, where versions and tables have names of their own. */
const POLICY = /^plumb_(heads|refs|tables|classes)/;

/** Named by what they hold; only a class that splits or merges adds to one that is live. */
const CONTENT = /^plumb_(refs|tables)/;

const MAP_COUNT = Object.keys(MAPS).length;

/** Some of a state gone, and rows of it too: what strangers do. */
const drifted = fc
  .tuple(states, fc.array(fc.nat(200), { maxLength: 6 }))
  .map(([state, gone]): State => {
    const lost = new Set(gone);
    return { ...state, resources: state.resources.filter((_, i) => !lost.has(i)) };
  })
  // maps that are gone are made anew with all others, which no step can undo: planned, but not here
  .filter((s) => [0, MAP_COUNT].includes(s.resources.filter((r) => r.kind === 'bpf-map').length));

describe('for any two states', () => {
  it('the plan from a state to itself is empty', () => {
    fc.assert(
      fc.property(states, (b) => {
        expect(plan(b, b).steps).toEqual([]);
      }),
    );
  });

  it('the steps turn one into the other, and then nothing is left to plan', () => {
    fc.assert(
      fc.property(drifted, states, (a, b) => {
        const after = simulate(a, plan(b, a).steps);
        expect(withoutPrevious(after)).toEqual(b);
        expect(plan(b, after).steps).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('the steps touch only what differs', () => {
    fc.assert(
      fc.property(related, ([a, b]) => {
        const pair = new Pair(a, b);
        for (const step of plan(b, a).steps) {
          if (step.action === 'commit') continue;
          const what = `${step.action} ${step.kind} ${step.key}`;
          if (step.kind !== 'bpf-entries') {
            expect(pair.differs(step.kind, step.key), what).toBe(true);
          } else if (!POLICY.test(step.key)) {
            expect(pair.idleRows(step), what).toEqual([]);
          } else if (!pair.isAnotherPolicy) {
            expect.fail(`${what}, and the policy is the same`);
          } else if (CONTENT.test(step.key) && !pair.differs('bpf-entries', 'plumb_classes')) {
            expect(pair.differs(step.kind, step.key), what).toBe(true);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('the inverse of any first steps restores what was there', () => {
    fc.assert(
      fc.property(states, drifted, states, fc.nat(100), (p, a, b, share) => {
        const before = simulate(p, plan(a, p).steps);
        const { steps } = plan(b, before);
        const done = steps.slice(0, Math.ceil((steps.length * share) / 100));
        const undone = simulate(simulate(before, done), inverse(done));
        expect(fingerprint(undone)).toBe(fingerprint(before));
      }),
      { numRuns: 200 },
    );
  });

  it('a plan read from its file is the plan that was written', () => {
    fc.assert(
      fc.property(states, states, (a, b) => {
        const made = plan(b, a);
        const written = planToJson(made, { traffic: [] });
        const read = planFromJson(JSON.parse(JSON.stringify(written)));
        expect(read.verdicts).toEqual({ traffic: [] });
        expect(planToJson(read.plan, { traffic: [] })).toEqual(written);
        expect(fingerprint(simulate(a, read.plan.steps))).toBe(
          fingerprint(simulate(a, made.steps)),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('a state read from its file is the state that was written', () => {
    fc.assert(
      fc.property(states, (a) => {
        const text = stateToText(a);
        expect(stateFromText(text)).toEqual(a);
        expect(stateToText(stateFromText(text))).toBe(text);
      }),
      { numRuns: 50 },
    );
  });
});
