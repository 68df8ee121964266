import { link, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlumbError } from '../model/error.js';

interface Owner {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. Tells a process from a later one of the same number. */
  readonly startTime: string;
}

/** The right to change an instance, held until it is released. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the lock of an instance. One that was left by a process which is gone is taken over.
 * @throws PlumbError PLB_LOCKED naming the process that holds it.
 */
export async function takeLock(runDir: string): Promise<Lock> {
  const path = join(runDir, 'lock');
  const mine = `${path}.${process.pid}`;
  const owner = { pid: process.pid, startTime: (await startTimeOf(process.pid)) ?? '' };
  await writeFile(mine, JSON.stringify(owner), { mode: 0o600 });
  try {
    // A link appears with its contents or not at all: nobody ever reads half an owner.
    for (let attempt = 0; attempt < 3; attempt++) {
      if (await tryLink(mine, path)) return { release: () => rm(path, { force: true }) };
      await dropStale(path);
    }
    throw locked(path);
  } finally {
    await rm(mine, { force: true });
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

/** @throws PlumbError PLB_LOCKED when its owner lives. */
async function dropStale(path: string): Promise<void> {
  let inode: number;
  let owner: Owner | undefined;
  try {
    const file = await open(path);
    try {
      inode = (await file.stat()).ino;
      owner = parseOwner(await file.readFile('utf8'));
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (owner === undefined) throw locked(path);
  if ((await startTimeOf(owner.pid)) === owner.startTime) throw locked(path, owner);
  const aside = `${path}.stale.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Between reading and renaming somebody else may have dropped the stale lock and taken a new one.
  if ((await stat(aside)).ino !== inode) await tryLink(aside, path);
  await rm(aside, { force: true });
}

function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, startTime } = JSON.parse(text) as Partial<Owner>;
    if (typeof pid === 'number' && typeof startTime === 'string') return { pid, startTime };
  } catch {
    // Not ours to judge: whoever wrote it may still be at work.
  }
  return undefined;
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses that may hold anything.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function locked(path: string, owner?: Owner): PlumbError {
  const who = owner === undefined ? 'an unknown process' : `process ${owner.pid}`;
  return new PlumbError('PLB_LOCKED', `${who} is changing this node`, {
    hint:
      owner === undefined
        ? `If nothing is running, remove ${path}.`
        : `Wait until it is done, or look at it: ps -p ${owner.pid}`,
  });
}
