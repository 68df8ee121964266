import type { Stats } from 'node:fs';
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PlumbError } from '../model/error.js';
import { describeProcess, isAlive, parseProcessId, processId, type ProcessId } from './process.js';
import { temporaryName } from './temporary.js';

/** The right to change an instance, held until it is released. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the lock of an instance, or another one in its directory, which is made. One that was left by a
 * process which is gone is taken over.
 * @throws PlumbError PLB_LOCKED naming the process that holds it.
 */
export async function takeLock(runDir: string, name = 'lock'): Promise<Lock> {
  const path = join(runDir, name);
  const mine = await temporaryName(path);
  let file: Stats | undefined;
  try {
    await writeOwner(mine);
    file = await stat(mine);
    for (let attempt = 0; attempt < 3; attempt++) {
      // A link appears with its contents or not at all: nobody ever reads half an owner.
      if ((await tryLink(mine, path)) || (await takeOver(mine, path))) {
        return { release: () => rm(path, { force: true }) };
      }
    }
    throw locked(path);
  } catch (error) {
    // What fails may have had its effect all the same.
    if (file !== undefined && (await isAt(path, file))) await rm(path, { force: true });
    throw error;
  } finally {
    await rm(mine, { force: true });
  }
}

async function isAt(path: string, file: Stats): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.ino === file.ino && found.dev === file.dev;
}

/** Whoever held the lock before may be removing the directory at this moment. */
async function writeOwner(path: string): Promise<void> {
  const owner = JSON.stringify(await processId(process.pid));
  for (let attempt = 0; ; attempt++) {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, owner, { mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 9) throw error;
    }
  }
}

/**
 * Puts `mine` in the place of a lock whose owner is gone. Of all who find it, the one that makes the
 * marker named for that owner may; the lock is looked at again under the marker, since an earlier
 * holder of it may have been faster. False: look again.
 * @throws PlumbError PLB_LOCKED when the owner lives.
 */
async function takeOver(mine: string, path: string): Promise<boolean> {
  const owner = await readOwner(path);
  if (owner === undefined) return false;
  if (await isAlive(owner)) throw await lockedBy(path, owner);
  const marker = `${path}.stale-${owner.pid}-${owner.startTime}`;
  if (!(await tryLink(mine, marker))) {
    const other = await readOwner(marker);
    if (other !== undefined && (await isAlive(other))) throw await lockedBy(path, other);
    await rm(marker, { force: true });
    return false;
  }
  try {
    const now = await readOwner(path);
    if (now?.pid !== owner.pid || now.startTime !== owner.startTime) return false;
    await rename(mine, path);
    return true;
  } finally {
    await rm(marker, { force: true });
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined when there is no such file. @throws PlumbError PLB_LOCKED when nobody understands it. */
async function readOwner(path: string): Promise<ProcessId | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const owner = parseProcessId(text);
  if (owner === undefined) throw locked(path);
  return owner;
}

function locked(path: string): PlumbError {
  return new PlumbError('PLB_LOCKED', 'an unknown process is changing this node', {
    hint: `If nothing is running, remove ${path}.`,
  });
}

async function lockedBy(path: string, owner: ProcessId): Promise<PlumbError> {
  return new PlumbError('PLB_LOCKED', `${await describeProcess(owner)} is changing this node`, {
    hint: `Wait until it is done, or look at it: ps -p ${String(owner.pid)}. The lock is ${path}.`,
  });
}
