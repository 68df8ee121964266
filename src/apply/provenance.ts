import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instance } from '../kernel/instance.js';

/** Beside the kernel's state: who caused what. Never needed for correctness. */
export function provenancePath({ runDir }: Instance): string {
  return join(runDir, 'provenance.json');
}

/** Replaces the file as a whole; readable by its owner alone. */
export async function writeProvenance(instance: Instance, json: string): Promise<void> {
  await replaceFile(provenancePath(instance), json);
}

/** Beside it: what the policy that is kept for undo was made by. */
function previousPath({ runDir }: Instance): string {
  return join(runDir, 'provenance.previous.json');
}

export async function writePrevious(instance: Instance, json: string): Promise<void> {
  await replaceFile(previousPath(instance), json);
}

export async function readPrevious(instance: Instance): Promise<string | undefined> {
  try {
    return await readFile(previousPath(instance), 'utf8');
  } catch {
    return undefined;
  }
}

/** Never seen half-written; readable by its owner alone. */
export async function replaceFile(path: string, json: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, json, { mode: 0o600 });
  await rename(temporary, path);
}

/** What was written last; undefined when nothing was, or it may not be read. */
export async function readProvenance(instance: Instance): Promise<string | undefined> {
  try {
    return await readFile(provenancePath(instance), 'utf8');
  } catch {
    return undefined;
  }
}

export async function removeProvenance(instance: Instance): Promise<void> {
  await rm(provenancePath(instance), { force: true });
  await rm(previousPath(instance), { force: true });
}
