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
    newPorts: newPorts(plan),
    ...(surroundings === undefined ? {} : { surroundings }),
  });
}

/** Of listeners, in the mode in which they are the node's own. */
function newPorts({ steps }: Plan): number[] {
  return steps.flatMap(({ before, after }) => {
    if (after?.kind !== 'proxy' || after.attributes.mode !== 'tproxy') return [];
    const old =
      before?.kind === 'proxy' && before.attributes.mode === 'tproxy' ? before : undefined;
    const known = new Set(old?.attributes.listeners.map(({ port }) => port));
    const ports = after.attributes.listeners.map(({ port = 0 }) => port);
    return ports.filter((port) => !known.has(port));
  });
}
