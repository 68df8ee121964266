import { describe, expect, it } from 'vitest';
import { plan } from '../../src/plan/make-plan.js';
import { rollbackPlan } from '../../src/plan/rollback.js';
import { simulate } from '../../src/plan/simulate.js';
import { fingerprint } from '../../src/state/canonical.js';
import { withoutPrevious } from '../../src/state/previous.js';
import { compile } from './world.js';

const rule = { subject: 1, direction: 'ingress', peer: 2, port: 80, allow: true } as const;
const first = compile({ endpoints: [0], rules: [rule], allowLocalhost: true });
const second = compile({ endpoints: [0], rules: [{ ...rule, port: 443 }], allowLocalhost: true });
const settled = simulate(first, plan(second, first).steps);

describe('a rollback', () => {
  it('is one write, and leads to the policy before', () => {
    const { steps, fingerprint: from } = rollbackPlan(settled);
    expect(steps).toHaveLength(1);
    expect(from).toBe(fingerprint(settled));
    expect(withoutPrevious(simulate(settled, steps))).toEqual(first);
  });

  it('of a rollback leads forward again', () => {
    const back = simulate(settled, rollbackPlan(settled).steps);
    expect(fingerprint(simulate(back, rollbackPlan(back).steps))).toBe(fingerprint(settled));
  });

  it('is refused when no policy is kept', () => {
    expect(() => rollbackPlan(first)).toThrow('no policy is kept');
  });
});
