import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BPF = join(import.meta.dirname, '../../bpf');

/** The datapath of a release to come: the same sources, and a variable more. Remove it in `afterAll`. */
export class NextObject {
  readonly #directory = mkdtempSync(join(tmpdir(), 'plumb-next-'));
  readonly path = join(this.#directory, 'dist/endpoint.o');

  constructor() {
    const isSource = (path: string) => !path.startsWith(join(BPF, 'dist'));
    cpSync(BPF, this.#directory, { recursive: true, filter: isSource });
    appendFileSync(join(this.#directory, 'endpoint.c'), '\nconst volatile __u32 next = 1;\n');
    execFileSync('make', ['--silent', '-C', this.#directory]);
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
