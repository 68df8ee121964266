import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instance } from '../kernel/instance.js';
import { temporaryName } from './temporary.js';

/** Beside the kernel's state: who caused what. Never needed for correctness. */
export function provenancePath({ runDir }: Instance): string {
  return join(runDir, 'provenance.json');
}

/** Beside it: what the policy that is kept for undo was made by. */
function previousPath({ runDir }: Instance): string {
  return join(runDir, 'provenance.previous.json');
}

/** The texts of both; undefined where there is no such file. */
export interface SideFiles {
  readonly provenance: string | undefined;
  readonly previous: string | undefined;
}

/** Under the lock: files that cannot be read are an error, because they would be lost. */
export async function readSideFiles(instance: Instance): Promise<SideFiles> {
  const [provenance, previous] = await Promise.all([
    readOptional(provenancePath(instance)),
    readOptional(previousPath(instance)),
  ]);
  return { provenance, previous };
}

/**
 * Makes the files what `texts` says; readable by their owner alone. Nothing is replaced before there was
 * room for all of it.
 */
export async function writeSideFiles(instance: Instance, texts: SideFiles): Promise<void> {
  const now = await readSideFiles(instance);
  const wanted = [
    { path: provenancePath(instance), text: texts.provenance, is: now.provenance },
    { path: previousPath(instance), text: texts.previous, is: now.previous },
  ].filter(({ text, is }) => text !== is);
  const staged: string[] = [];
  try {
    const moves: (() => Promise<void>)[] = [];
    for (const { path, text } of wanted) {
      if (text === undefined) {
        moves.push(() => rm(path, { force: true }));
        continue;
      }
      const temporary = await temporaryName(path);
      staged.push(temporary);
      await writeFile(temporary, text, { mode: 0o600 });
      moves.push(() => rename(temporary, path));
    }
    for (const move of moves) await move();
  } finally {
    for (const temporary of staged) await rm(temporary, { force: true });
  }
}

export async function removeSideFiles(instance: Instance): Promise<void> {
  await writeSideFiles(instance, { provenance: undefined, previous: undefined });
}

/** What was written last; undefined when nothing was, or it may not be read. */
export async function readProvenance(instance: Instance): Promise<string | undefined> {
  return await readOptional(provenancePath(instance)).catch(() => undefined);
}

export async function readPrevious(instance: Instance): Promise<string | undefined> {
  return await readOptional(previousPath(instance)).catch(() => undefined);
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
