import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What kill-at.c printed. */
export interface Outcome {
  /** The system call that it was killed at; null: it came to its end. */
  readonly killed: string | null;
  readonly code: number;
  readonly count: number;
  /** Name of a system call -> how often it was seen. */
  readonly calls: Readonly<Record<string, number>>;
}

/** Kills commands at their system calls: see kill-at.c, which it compiles. Dispose it. */
export class Killer {
  readonly #directory = mkdtempSync(join(tmpdir(), 'plk-kill-'));
  readonly #program = join(this.#directory, 'kill-at');

  constructor() {
    const source = join(import.meta.dirname, 'kill-at.c');
    execFileSync('cc', ['-O1', '-Wall', '-Werror', '-o', this.#program, source]);
  }

  /** Killed at its `call`-th system call that can change anything, from the first below `root` on. */
  run(call: number, root: string, command: readonly string[]): Promise<Outcome> {
    const child = spawn(this.#program, [String(call), root, ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return new Promise((done, fail) => {
      child.on('error', fail);
      child.on('close', () => {
        try {
          done(JSON.parse(text.slice(text.lastIndexOf('\n', text.length - 2) + 1)) as Outcome);
        } catch (cause) {
          fail(new Error(`no outcome: ${text}`, { cause }));
        }
      });
    });
  }

  dispose(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
