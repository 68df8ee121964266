import { perform } from '../kernel/perform.js';
import type { WriteContext } from '../kernel/write-context.js';
import { PlumbError } from '../model/error.js';
import type { Step } from '../plan/plan.js';
import { inverse } from '../plan/simulate.js';

export interface StepProgress {
  readonly step: Step;
  /** Position in the plan, from 0. */
  readonly index: number;
  readonly total: number;
  /** `undone`: taken back because a later step, or this one, failed. */
  readonly state: 'started' | 'done' | 'undone';
}

export interface RunOptions {
  /** Told of every step before and after it is done; when it throws, the apply fails there. */
  readonly onStep?: ((progress: StepProgress) => void | Promise<void>) | undefined;
  /** Looked at between steps: once aborted, everything is undone. */
  readonly signal?: AbortSignal | undefined;
}

/** What belongs to an apply besides the steps of its plan: done after them, taken back before them. */
export interface LastStep {
  perform(): Promise<void>;
  /** Also after a part of it was done. */
  undo(): Promise<void>;
}

/**
 * Runs the steps in order, and `last`. On any failure those that were done, and the part of the one that
 * failed, are taken back in reverse, and the failure is thrown.
 * @throws PlumbError PLB_INTERRUPTED after an abort; PLB_UNDO when a step could not be taken back.
 */
export async function runSteps(
  context: WriteContext,
  steps: readonly Step[],
  { onStep, signal, last }: RunOptions & { readonly last?: LastStep },
): Promise<void> {
  const done: Step[] = [];
  let isLast = false;
  const total = steps.length;
  const tell = async (index: number, state: StepProgress['state']): Promise<void> => {
    const step = steps[index];
    if (step !== undefined) await onStep?.({ step, index, total, state });
  };
  try {
    for (const [index, step] of steps.entries()) {
      if (signal?.aborted === true) throw interrupted();
      await tell(index, 'started');
      // Before it is performed: what fails half-way must be taken back, too, except a commit, which
      // is one write that was done or was not.
      if (step.action !== 'commit') done.push(step);
      await performNamed(context, step);
      if (step.action === 'commit') done.push(step);
      await tell(index, 'done');
    }
    if (signal?.aborted === true) throw interrupted();
    isLast = true;
    await last?.perform();
  } catch (error) {
    const problems = isLast ? await undone(last) : [];
    await undo(context, done, error, problems, (index) => tell(index, 'undone'));
    throw error;
  }
}

async function performNamed(context: WriteContext, step: Step): Promise<void> {
  try {
    await perform(context, step);
  } catch (cause) {
    throw cause instanceof PlumbError && cause.origin !== undefined ? cause : failed(step, cause);
  }
}

/** Why it could not be taken back. */
async function undone(last: LastStep | undefined): Promise<string[]> {
  try {
    await last?.undo();
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

/** Goes on after a failure: what can be taken back is. */
async function undo(
  context: WriteContext,
  done: readonly Step[],
  reason: unknown,
  problems: string[],
  tell: (index: number) => Promise<void>,
): Promise<void> {
  for (const [position, step] of inverse(done).entries()) {
    try {
      await perform(context, step);
    } catch (error) {
      problems.push(`${step.kind} ${step.key}: ${messageOf(error)}`);
    }
    // A listener that fails cannot keep the rest from being undone.
    await tell(done.length - 1 - position).catch(() => undefined);
  }
  if (problems.length === 0) return;
  throw new PlumbError('PLB_UNDO', `${messageOf(reason)}; not everything could be undone`, {
    detail: problems.join('\n'),
    hint: 'Run plumb plan to see what is left, and apply again.',
    cause: reason,
  });
}

function failed({ action, kind, key, origin }: Step, cause: unknown): PlumbError {
  if (cause instanceof PlumbError) {
    const { code, message, hint, detail } = cause;
    return new PlumbError(code, message, {
      origin,
      hint,
      cause,
      ...(detail === undefined ? {} : { detail }),
    });
  }
  const log = (cause as { readonly log?: unknown }).log;
  return new PlumbError('PLB_STEP', `${action} ${kind} ${key}: ${messageOf(cause)}`, {
    origin,
    hint: 'Everything was undone. plumb doctor tells what this kernel cannot do.',
    cause,
    ...(typeof log === 'string' ? { detail: log } : {}),
  });
}

function interrupted(): PlumbError {
  return new PlumbError('PLB_INTERRUPTED', 'interrupted: everything was undone', {
    hint: 'Apply again when you are ready.',
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
