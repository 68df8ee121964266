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

/**
 * Notes what there is before a plan is applied, so that it can be undone by whoever is there then.
 * @throws PlumbError PLB_UNCONFIRMED, PLB_LOCKED
 */
export async function announce(planned: Planned, where: Where): Promise<void> {
  const { instance, file, processes } = await open(where);
  await file.settle(instance, async (found) => {
    if (found !== undefined) throw unconfirmed(found.since);
    const { state, program } = await remember(planned, where);
    await file.writeUnconfirmed(instance, {
      version: 1,
      since: new Date().toISOString(),
      applier: await processes.processId(process.pid),
      before: JSON.parse(JSON.stringify(stateToJson(state))) as Json,
      ...(program === undefined ? {} : { program }),
    });
  });
}

/** Adds to what was announced: who watches, or until when. False: it is settled already. */
export async function amend(
  where: Where,
  what: { readonly watcher?: number; readonly deadline?: number },
): Promise<boolean> {
  const { instance, file, processes } = await open(where);
  const { watcher, deadline } = what;
  return await file.settle(instance, async (found) => {
    if (found === undefined) return false;
    await file.writeUnconfirmed(instance, {
      ...found,
      ...(watcher === undefined ? {} : { watcher: await processes.processId(watcher) }),
      ...(deadline === undefined ? {} : { deadline }),
    });
    return true;
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
  if (found !== undefined) throw unconfirmed(found.since);
}

function unconfirmed(since: string): PlumbError {
  return new PlumbError('PLB_UNCONFIRMED', `the apply of ${since} is not confirmed yet`, {
    hint: 'plumb confirm keeps it, plumb confirm --undo takes it back.',
  });
}

/** False: there is nothing to confirm. @throws PlumbError PLB_LOCKED while it is being undone */
export async function confirm(where: Where): Promise<boolean> {
  const { instance, file } = await open(where);
  if ((await file.readUnconfirmed(instance)) === undefined) return false;
  return await file.settle(instance, async (found) => {
    await file.dropUnconfirmed(instance);
    return found !== undefined;
  });
}

/**
 * Back to what was before. One who was killed over it is taken over from, wherever that was.
 * False: there is nothing to undo.
 * @throws PlumbError PLB_LOCKED while somebody else does, or changes the node
 */
export async function undoUnconfirmed(where: Where): Promise<boolean> {
  const { instance, file } = await open(where);
  if ((await file.readUnconfirmed(instance)) === undefined) return false;
  return await file.settle(instance, async (found) => {
    if (found === undefined) return false;
    try {
      await back(found, where);
    } catch (error) {
      const failure = error instanceof Error ? error.message : 'unknown';
      await file.writeUnconfirmed(instance, { ...found, failure });
      throw error;
    }
    await file.dropUnconfirmed(instance);
    return true;
  });
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
