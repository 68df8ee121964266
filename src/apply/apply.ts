import { createDirectories, assertNetns, type Instance } from '../kernel/instance.js';
import { checkProxy } from '../kernel/proxy.js';
import { readState } from '../kernel/read-state.js';
import { WriteContext } from '../kernel/write-context.js';
import { PlumbError } from '../model/error.js';
import type { Plan } from '../plan/plan.js';
import { simulate } from '../plan/simulate.js';
import { basisOf } from '../state/canonical.js';
import type { State } from '../state/state.js';
import { contentsOf, differences } from './compare.js';
import { takeLock } from './lock.js';
import { writeProvenance } from './provenance.js';
import { runSteps, type RunOptions } from './run-steps.js';
import { removeDirectories } from './teardown.js';

export interface ApplyOptions extends RunOptions {
  /** JSON for the provenance file, written when all steps are done. */
  readonly provenance?: string | undefined;
  /** The datapath's object file; the one that is shipped by default. */
  readonly objectPath?: string | undefined;
}

/**
 * Makes the kernel hold what the plan says, or leaves it as it was. Returns the state that was read
 * afterwards. An instance that holds nothing any more loses its directories.
 *
 * @throws PlumbError PLB_LOCKED, PLB_STALE_PLAN (nothing was changed); PLB_STEP, PLB_INTERRUPTED or
 * what the step says (everything was undone); PLB_UNDO; PLB_VERIFY (all done, but not as planned).
 */
export async function apply(
  plan: Plan,
  instance: Instance,
  options: ApplyOptions = {},
): Promise<State> {
  assertNetns(instance);
  await createDirectories(instance);
  const lock = await takeLock(instance.runDir);
  let last: State | undefined;
  try {
    last = await applyLocked(plan, instance, options, (state) => (last = state));
    return last;
  } finally {
    await lock.release();
    if (last?.resources.length === 0) await removeDirectories(instance);
  }
}

async function applyLocked(
  plan: Plan,
  instance: Instance,
  options: ApplyOptions,
  known: (state: State) => void,
): Promise<State> {
  const { objectPath, provenance } = options;
  const read = (): Promise<State> => readState(instance, { node: plan.node, objectPath });
  const before = await read();
  known(before);
  assertFresh(plan, before);
  await checkProxies(plan);
  if (plan.steps.length > 0) {
    const context = new WriteContext(
      instance,
      plan.node,
      objectPath === undefined ? {} : { objectPath },
    );
    try {
      await runSteps(context, plan.steps, options);
    } finally {
      await context.close();
    }
  }
  const after = plan.steps.length > 0 ? await read() : before;
  known(after);
  if (provenance !== undefined) await writeProvenance(instance, provenance);
  verify(plan, before, after);
  return after;
}

/** What refuses its configuration refuses it before anything is touched. */
async function checkProxies({ steps }: Plan): Promise<void> {
  for (const { after } of steps) if (after?.kind === 'proxy') await checkProxy(after.attributes);
}

function assertFresh(plan: Plan, state: State): void {
  const now = basisOf(state);
  if (now.fingerprint === plan.fingerprint) return;
  const names = [...new Set([...Object.keys(plan.basis), ...Object.keys(now.basis)])].sort();
  const moved = names.flatMap((name) => {
    const [then, there] = [plan.basis[name], now.basis[name]];
    if (then === there) return [];
    if (then === undefined) return [`${name}: is there now`];
    return there === undefined ? [`${name}: is no longer there`] : [`${name}: differs now`];
  });
  throw new PlumbError('PLB_STALE_PLAN', 'the kernel is not what the plan was made from', {
    detail:
      moved.length > 0 ? moved.join('\n') : 'The policy that is kept for undo is another one.',
    hint: 'Plan again.',
  });
}

function verify(plan: Plan, before: State, after: State): void {
  let wrong: string[];
  try {
    wrong = differences(contentsOf(simulate(before, plan.steps)), contentsOf(after));
  } catch (error) {
    wrong = [`the steps do not fit the state: ${error instanceof Error ? error.message : ''}`];
  }
  if (wrong.length === 0) return;
  const [first = ''] = wrong;
  throw new PlumbError('PLB_VERIFY', `the kernel does not hold what the plan gives: ${first}`, {
    detail: wrong.join('\n'),
    hint: 'Somebody else may be changing it. Run plumb plan to see what is left.',
  });
}
