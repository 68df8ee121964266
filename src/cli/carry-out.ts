import { applyPlanned, type Planned, type Where } from '../engine.js';
import { Progress } from './progress.js';
import { onStop } from './signals.js';

export interface CarryOutOptions extends Where {
  readonly quiet: boolean;
}

/**
 * Applies a plan, with progress on a terminal. A signal that would end the process has everything undone
 * instead, and says so. `prepare` runs before the plan does, and what it throws is thrown.
 * @throws PlumbError PLB_INTERRUPTED, and whatever an apply throws
 */
export async function carryOut(
  planned: Planned,
  options: CarryOutOptions,
  prepare?: () => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const progress = new Progress({ isShown: process.stderr.isTTY && !options.quiet });
  const release = onStop(() => {
    if (signal.aborted) return;
    progress.stop();
    process.stderr.write('interrupted: what was done is being undone\n');
    controller.abort();
  });
  try {
    await prepare?.();
    await applyPlanned(planned, { ...options, signal, onStep: progress.step });
  } finally {
    progress.stop();
    release();
  }
}
