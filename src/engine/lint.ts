import { lintsOf } from '../lint/lints.js';
import type { Lint } from '../model/lint.js';
import type { Surroundings } from '../model/surroundings.js';
import type { Plan } from '../plan/plan.js';
import type { Desired } from './desired.js';

/** What a program on its node, and what is around it there, lets expect. */
export function lintPlan(desired: Desired, plan: Plan, surroundings?: Surroundings): Lint[] {
  return lintsOf({
    document: desired.document,
    node: desired.node,
    policy: desired.policy,
    state: desired.state,
    maps: plan.maps,
    ...(surroundings === undefined ? {} : { surroundings }),
  });
}
