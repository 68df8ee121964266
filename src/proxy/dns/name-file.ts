import { constants } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import type { NameStore } from './name-store.js';

const CONTENTS = z.object({
  version: z.literal(1),
  names: z.array(z.tuple([z.string(), z.record(z.string(), z.number())])),
});

/** Keeps a store on disk, for root's eyes only, so that a restart forgets nothing. */
export class NameFile {
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(
    private readonly path: string,
    private readonly store: NameStore,
  ) {}

  /**
   * Adds what is in the file to the store. A file that does not make sense is put aside as `PATH.bad`:
   * nothing is known then, and nothing let through, until names are asked for again.
   * @returns false for such a file
   */
  async load(): Promise<boolean> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
      throw error;
    }
    const contents = CONTENTS.safeParse(parsed(text));
    if (contents.success) this.store.restore(contents.data.names);
    else await rename(this.path, `${this.path}.bad`);
    return contents.success;
  }

  /** Done when everything that the store knew at the call is in the file. Calls at a time share a write. */
  save(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#writing === undefined) return this.#run();
    // what is being written may be older than what the caller added
    this.#next = this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#run();
      });
    return this.#next;
  }

  #run(): Promise<void> {
    const done = this.#write().finally(() => {
      if (this.#writing === done) this.#writing = undefined;
    });
    this.#writing = done;
    return done;
  }

  async #write(): Promise<void> {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const beside = `${this.path}.new`;
    const file = await open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(JSON.stringify({ version: 1, names: this.store.entries() }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, this.path);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
