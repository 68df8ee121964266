import { goBack, remember, type Planned, type Where } from '../engine.js';
import type { Unconfirmed } from '../apply/unconfirmed.js';
import { PlumbError } from '../model/error.js';
import type { Json } from '../state/canonical-json.js';
import { stateFromJson, stateToJson } from '../state/json.js';

/** An apply that waits to be confirmed, for those who ask. */
export interface Waiting {
  readonly since: string;
  /** ISO 8601; absent while it is being applied. */
  readonly until?: string;
  /** Whether somebody will undo it then. */
  readonly isWatched: boolean;
  readonly failure?: string;
}

/** Notes what there is before a plan is applied, so that it can be undone by whoever is there then. */
export async function announce(planned: Planned, where: Where): Promise<void> {
  const { instance, file, processes } = await open(where);
  const { state, program } = await remember(planned, where);
  await file.writeUnconfirmed(instance, {
    version: 1,
    since: new Date().toISOString(),
    applier: await processes.processId(process.pid),
    before: JSON.parse(JSON.stringify(stateToJson(state))) as Json,
    ...(program === undefined ? {} : { program }),
  });
}

/** Adds to what was announced: who watches, or until when. */
export async function amend(
  where: Where,
  what: { readonly watcher?: number; readonly deadline?: number },
): Promise<void> {
  const { instance, file, processes } = await open(where);
  const found = await file.readUnconfirmed(instance);
  if (found === undefined) return;
  const { watcher, deadline } = what;
  await file.writeUnconfirmed(instance, {
    ...found,
    ...(watcher === undefined ? {} : { watcher: await processes.processId(watcher) }),
    ...(deadline === undefined ? {} : { deadline }),
  });
}

export async function waiting(where: Where): Promise<Waiting | undefined> {
  const { instance, file, processes } = await open(where);
  const found = await file.readUnconfirmed(instance);
  if (found === undefined) return undefined;
  const { since, deadline, watcher, failure } = found;
  return {
    since,
    ...(deadline === undefined ? {} : { until: new Date(deadline).toISOString() }),
    isWatched: watcher !== undefined && (await processes.isAlive(watcher)),
    ...(failure === undefined ? {} : { failure }),
  };
}

/** @throws PlumbError PLB_UNCONFIRMED while an apply waits to be confirmed */
export async function refuseWhileWaiting(where: Where): Promise<void> {
  const found = await waiting(where);
  if (found === undefined) return;
  throw new PlumbError('PLB_UNCONFIRMED', `the apply of ${found.since} is not confirmed yet`, {
    hint: 'plumb confirm keeps it, plumb confirm --undo takes it back.',
  });
}

/** False: there is nothing to confirm, or it is being undone already. */
export async function confirm(where: Where): Promise<boolean> {
  const { instance, file } = await open(where);
  return await file.dropUnconfirmed(instance);
}

/** Back to what was before. False: there is nothing to undo, or somebody else does. */
export async function undoUnconfirmed(where: Where): Promise<boolean> {
  const { instance, file } = await open(where);
  const claimed = await file.claimUnconfirmed(instance);
  if (claimed === undefined) return false;
  try {
    await back(claimed, where);
  } catch (error) {
    await file.settleClaim(instance, claimed, error instanceof Error ? error.message : 'unknown');
    throw error;
  }
  await file.settleClaim(instance, claimed);
  return true;
}

async function back({ before, program }: Unconfirmed, where: Where): Promise<void> {
  const state = stateFromJson(before);
  await goBack({ state, ...(program === undefined ? {} : { program }) }, where);
}

/** Whether it is time to undo: the deadline has passed, or who applies died before there was one. */
export async function isDue(where: Where, now: number): Promise<boolean | undefined> {
  const { instance, file, processes } = await open(where);
  const found = await file.readUnconfirmed(instance);
  if (found === undefined) return undefined;
  const { deadline, applier } = found;
  return deadline === undefined ? !(await processes.isAlive(applier)) : now >= deadline;
}

async function open(where: Where) {
  const [{ openInstance }, file, processes] = await Promise.all([
    import('../kernel/instance.js'),
    import('../apply/unconfirmed.js'),
    import('../apply/process.js'),
  ]);
  return { instance: openInstance(where), file, processes };
}
