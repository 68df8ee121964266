import { rename, rm, writeFile } from 'node:fs/promises';

/** Writes a file that its owner alone may read, whatever was there before; whole, or not at all. */
export async function writePrivately(path: string, text: string): Promise<void> {
  const temporary = `${path}.${String(process.pid)}.tmp`;
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
