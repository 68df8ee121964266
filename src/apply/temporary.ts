import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, parseProcessId, processId, type ProcessId } from './process.js';

let made = 0;

/** A name beside `path` that says whose it is, so that somebody else can sweep what a kill left. */
export async function temporaryName(path: string): Promise<string> {
  const { pid, startTime } = await processId(process.pid);
  return `${path}.${String(pid)}-${startTime}-${String(++made)}.tmp`;
}

/** Never seen half-written; readable by its owner alone. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = await temporaryName(path);
  try {
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Removes temporary files, and markers of locks, whose process is gone. */
export async function sweep(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const owner = await ownerOf(name, path);
    if (owner !== undefined && !(await isAlive(owner))) await rm(path, { force: true });
  }
}

async function ownerOf(name: string, path: string): Promise<ProcessId | undefined> {
  const [, pid, startTime] = /\.(\d+)-(\d+)-\d+\.tmp$/.exec(name) ?? [];
  if (startTime !== undefined) return { pid: Number(pid), startTime };
  if (!/\.stale-\d+-\d*$/.test(name)) return undefined;
  return parseProcessId(await readFile(path, 'utf8').catch(() => ''));
}
