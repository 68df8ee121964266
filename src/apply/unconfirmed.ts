import { readFile, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createDirectories, type Instance } from '../kernel/instance.js';
import type { Json } from '../state/canonical-json.js';
import type { ProcessId } from './process.js';
import { replaceFile } from './provenance.js';

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

function pathOf({ runDir }: Instance): string {
  return join(runDir, 'unconfirmed.json');
}

/** Where it is once somebody has set about undoing it: whoever moves it there is the one. */
function claimedPath({ runDir }: Instance): string {
  return join(runDir, 'unconfirmed.undoing.json');
}

export async function writeUnconfirmed(instance: Instance, what: Unconfirmed): Promise<void> {
  await createDirectories(instance);
  await replaceFile(pathOf(instance), JSON.stringify(what));
}

/** What waits to be confirmed, or is being undone. */
export async function readUnconfirmed(instance: Instance): Promise<Unconfirmed | undefined> {
  return (await read(pathOf(instance))) ?? (await read(claimedPath(instance)));
}

async function read(path: string): Promise<Unconfirmed | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Unconfirmed;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Nobody undoes it any more. False: there is nothing to confirm, or it is being undone already. */
export async function dropUnconfirmed(instance: Instance): Promise<boolean> {
  const mine = `${pathOf(instance)}.${String(process.pid)}.confirmed`;
  if (!(await moved(pathOf(instance), mine))) return false;
  await rm(mine, { force: true });
  return true;
}

/** What is to be undone, by the caller alone; undefined when there is nothing, or another one does. */
export async function claimUnconfirmed(instance: Instance): Promise<Unconfirmed | undefined> {
  const path = claimedPath(instance);
  return (await moved(pathOf(instance), path)) ? await read(path) : undefined;
}

/** After a claim: it was undone, or could not be. */
export async function settleClaim(
  instance: Instance,
  claimed: Unconfirmed,
  failure?: string,
): Promise<void> {
  const path = claimedPath(instance);
  if (failure !== undefined) {
    // Back to where whoever comes next can claim it.
    await replaceFile(pathOf(instance), JSON.stringify({ ...claimed, failure }));
  }
  await rm(path, { force: true });
  // Of an instance that holds nothing the directory was only waiting for this file.
  await rmdir(instance.runDir).catch(() => undefined);
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
