import { readFileSync, statSync } from 'node:fs';
import { readCompiled, type Compiled } from './provenance.js';

/** The program that is applied, read again when an apply has written it anew. */
export class AppliedProgram {
  #compiled: Compiled | undefined;
  #stamp = '';

  constructor(private readonly path: string) {}

  /** Undefined when none is recorded, or it may not be read. */
  get current(): Compiled | undefined {
    const stamp = this.#look();
    if (stamp !== this.#stamp) {
      this.#stamp = stamp;
      this.#compiled = stamp === '' ? undefined : this.#read();
    }
    return this.#compiled;
  }

  #look(): string {
    const found = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? '' : `${String(found.ino)} ${String(found.mtimeNs)}`;
  }

  #read(): Compiled | undefined {
    try {
      return readCompiled(readFileSync(this.path, 'utf8'));
    } catch {
      return undefined;
    }
  }
}
