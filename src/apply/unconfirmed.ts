import { readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Instance } from '../kernel/instance.js';
import { PlumbError } from '../model/error.js';
import type { Json } from '../state/canonical-json.js';
import { takeLock, type Lock } from './lock.js';
import type { ProcessId } from './process.js';
import { removeRunDirectories } from './teardown.js';
import { replaceFile } from './temporary.js';

/** An apply that is undone unless somebody confirms it. */
export interface Unconfirmed {
  readonly version: 1;
  /** ISO 8601. */
  readonly since: string;
  readonly applier: ProcessId;
  /** Undoes it when nobody else does. */
  readonly watcher?: ProcessId;
  /** Milliseconds since 1970; absent while it is being applied. */
  readonly deadline?: number;
  /** What there was before, as a state file, and the program that it was made by. */
  readonly before: Json;
  readonly program?: Json;
  /** Why it could not be undone. */
  readonly failure?: string;
}

/** Held by whoever confirms or undoes it; one that dies over it leaves it to the next. */
const LOCK = 'unconfirmed.lock';

function pathOf({ runDir }: Instance): string {
  return join(runDir, 'unconfirmed.json');
}

/** What waits to be confirmed, or is being undone. */
export async function readUnconfirmed(instance: Instance): Promise<Unconfirmed | undefined> {
  try {
    return JSON.parse(await readFile(pathOf(instance), 'utf8')) as Unconfirmed;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Lets `work` see what waits, and change it, while nobody else can.
 * @throws PlumbError PLB_LOCKED naming the process that settles it at this moment.
 */
export async function settle<T>(
  instance: Instance,
  work: (found: Unconfirmed | undefined) => Promise<T>,
): Promise<T> {
  let lock: Lock | undefined;
  try {
    lock = await takeLock(instance.runDir, LOCK);
    return await work(await readUnconfirmed(instance));
  } finally {
    await lock?.release();
    await removeRunDirectories(instance);
  }
}

/** Within {@link settle}. */
export async function writeUnconfirmed(instance: Instance, what: Unconfirmed): Promise<void> {
  await replaceFile(pathOf(instance), JSON.stringify(what));
}

/** Within {@link settle}: nobody undoes it any more. */
export async function dropUnconfirmed(instance: Instance): Promise<void> {
  await rm(pathOf(instance), { force: true });
}

/** Removes the lock that somebody left who was killed, so that no file outlives what it was about. */
export async function sweepSettlement(instance: Instance): Promise<void> {
  if (!existsSync(join(instance.runDir, LOCK))) return;
  try {
    await (await takeLock(instance.runDir, LOCK)).release();
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
  }
}
