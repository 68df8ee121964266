import { foldMetrics } from '../kernel/fold-metrics.js';
import { assertNetns, createPinDirectories, type Instance } from '../kernel/instance.js';
import { sweepNetns } from '../kernel/netns.js';
import { checkProxy } from '../kernel/proxy.js';
import { readState } from '../kernel/read-state.js';
import { WriteContext } from '../kernel/write-context.js';
import { PlumbError } from '../model/error.js';
import type { Plan } from '../plan/plan.js';
import { simulate } from '../plan/simulate.js';
import { basisOf } from '../state/canonical.js';
import type { State } from '../state/state.js';
import { contentsOf, differences } from './compare.js';
import { takeLock, type Lock } from './lock.js';
import { readSideFiles, writeSideFiles } from './provenance.js';
import { runSteps, type LastStep, type RunOptions } from './run-steps.js';
import { removeLeftovers, removePinDirectories, removeRunDirectories } from './teardown.js';
import { sweep } from './temporary.js';
import { sweepSettlement } from './unconfirmed.js';

export interface ApplyOptions extends RunOptions {
  /** JSON for the provenance file, written when all steps are done. */
  readonly provenance?: string | undefined;
  /**
   * JSON for the file about the policy that is kept for undo, where the plan changes the policy: from
   * the state afterwards and the provenance file before.
   */
  readonly previous?: ((after: State, provenance: string) => string | undefined) | undefined;
  /** The datapath's object file; the one that is shipped by default. */
  readonly objectPath?: string | undefined;
}

/**
 * Makes the kernel hold what the plan says and the files beside it tell of it, or leaves all as it was.
 * Returns the state that was read afterwards. An instance that holds nothing any more loses its directories.
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
  let lock: Lock | undefined;
  let last: State | undefined;
  try {
    lock = await takeLock(instance.runDir);
    await sweep(instance.runDir);
    await sweepSettlement(instance);
    sweepNetns(plan.node);
    try {
      await createPinDirectories(instance);
      last = await applyLocked(plan, instance, options, (state) => (last = state));
    } finally {
      // Still under the lock: whoever takes it next may write the same files.
      if (last === undefined) await removePinDirectories(instance);
      else if (last.resources.length === 0) await removeLeftovers(instance);
    }
    return last;
  } finally {
    await lock?.release();
    await removeRunDirectories(instance);
  }
}

async function applyLocked(
  plan: Plan,
  instance: Instance,
  options: ApplyOptions,
  known: (state: State) => void,
): Promise<State> {
  const { objectPath } = options;
  const read = (): Promise<State> => readState(instance, { node: plan.node, objectPath });
  const before = await read();
  known(before);
  assertFresh(plan, before);
  await checkProxies(plan);
  const record = await recorder(plan, instance, options);
  if (plan.steps.length === 0) {
    await record.perform(before);
    return before;
  }
  let after = before;
  const last: LastStep = {
    perform: async () => {
      after = await read();
      await record.perform(after);
    },
    undo: record.undo,
  };
  const context = new WriteContext(
    instance,
    plan.node,
    objectPath === undefined ? {} : { objectPath },
  );
  try {
    await runSteps(context, plan.steps, { ...options, last });
  } finally {
    await context.close();
  }
  known(after);
  verify(plan, before, after);
  return after;
}

/** Writes down what was applied, and takes it back. */
async function recorder(plan: Plan, instance: Instance, { provenance, previous }: ApplyOptions) {
  const before = await readSideFiles(instance);
  const isFlipped = plan.steps.some((step) => step.flip === true);
  const perform = async (after: State): Promise<void> => {
    const isKept = isFlipped && after.resources.length > 0;
    // First, because it is the one of these that is not undone: sums of counters stay sums.
    if (isKept) await foldMetrics(instance);
    const made = isKept && before.provenance !== undefined;
    await writeSideFiles(instance, {
      provenance: provenance ?? before.provenance,
      previous: (made ? previous?.(after, before.provenance) : undefined) ?? before.previous,
    });
  };
  return { perform, undo: () => writeSideFiles(instance, before) };
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
