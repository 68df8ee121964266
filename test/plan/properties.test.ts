import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../../src/plan/make-plan.js';
import { inverse, simulate } from '../../src/plan/simulate.js';
import { planFromJson, planToJson } from '../../src/plan/plan-json.js';
import { emptyState, fingerprint } from '../../src/state/canonical.js';
import { withoutPrevious } from '../../src/state/previous.js';
import { stateFromText, stateToText } from '../../src/state/json.js';
import type { State } from '../../src/state/state.js';
import { compile, world } from './world.js';

const states: fc.Arbitrary<State> = fc.oneof(
  { weight: 8, arbitrary: world.map((w) => compile(w, { devices: true })) },
  { weight: 1, arbitrary: fc.constant(emptyState('hoth')) },
);

/** Some of a state gone, and rows of it too: what strangers do. */
const drifted = fc
  .tuple(states, fc.array(fc.nat(200), { maxLength: 6 }))
  .map(([state, gone]): State => {
    const lost = new Set(gone);
    return { ...state, resources: state.resources.filter((_, i) => !lost.has(i)) };
  })
  // maps that are gone are made anew with all others, which no step can undo: planned, but not here
  .filter((s) => [0, 12].includes(s.resources.filter((r) => r.kind === 'bpf-map').length));

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
