import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, STAR_WARS } from './node.js';

/** A copy of the star-wars program that a test can edit, inside the checkout so that `plumbline` resolves. */
export class ProgramCopy {
  readonly directory: string;
  readonly path: string;

  constructor() {
    mkdirSync(join(CHECKOUT, '.cache'), { recursive: true });
    this.directory = mkdtempSync(join(CHECKOUT, '.cache/program-'));
    // Somebody without privileges may be asked to plan it.
    chmodSync(this.directory, 0o755);
    this.path = join(this.directory, 'plumb.ts');
    writeFileSync(this.path, readFileSync(STAR_WARS));
  }

  get text(): string {
    return readFileSync(this.path, 'utf8');
  }

  /** Replaces text that must be there, so that a test cannot pass because it changed nothing. */
  replace(from: string, to: string): void {
    if (!this.text.includes(from)) throw new Error(`the program does not say: ${from}`);
    writeFileSync(this.path, this.text.replace(from, to));
  }

  append(text: string): void {
    writeFileSync(this.path, `${this.text}\n${text}\n`);
  }

  reset(): void {
    writeFileSync(this.path, readFileSync(STAR_WARS));
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
