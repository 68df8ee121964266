// Applies a policy to a node of KernelNode's and kills itself before the step with the number given.
import { apply } from '../../src/apply/apply.js';
import { openInstance } from '../../src/kernel/instance.js';
import { readState } from '../../src/kernel/read-state.js';
import { plan } from '../../src/plan/make-plan.js';
import { desiredState, type PolicyOptions } from '../kernel/desired.js';

const [name = '', root = '', policy = '{}', at = '0'] = process.argv.slice(2);
const instance = openInstance({ netns: name, root });
const desired = desiredState(name, JSON.parse(policy) as PolicyOptions);
await apply(plan(desired, await readState(instance, { node: name })), instance, {
  onStep: ({ index, state }) => {
    if (index === Number(at) && state === 'started') process.kill(process.pid, 'SIGKILL');
  },
});
