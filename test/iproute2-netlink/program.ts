import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Program {
  readonly id: number;
  readonly tag: string;
  /** Path of its pin. */
  readonly pinned: string;
}

/** Programs loaded and pinned in a bpffs of their own. */
export class Programs {
  readonly #directory = mkdtempSync(join(tmpdir(), 'nl-test-'));
  readonly #bpffs = join(this.#directory, 'bpf');

  constructor() {
    execFileSync('mkdir', [this.#bpffs]);
    execFileSync('mount', ['-t', 'bpf', 'bpf', this.#bpffs]);
  }

  /** A classifier that gives back one verdict. */
  load(name: string, verdict: number): Program {
    const [source, object] = [
      join(this.#directory, `${name}.c`),
      join(this.#directory, `${name}.o`),
    ];
    writeFileSync(
      source,
      `__attribute__((section("tc"), used)) int ${name}(void *packet) { return ${String(verdict)}; }
       char gpl[] __attribute__((section("license"), used)) = "GPL";\n`,
    );
    execFileSync('clang-19', ['-O2', '-g', '-target', 'bpf', '-c', source, '-o', object]);
    const pinned = join(this.#bpffs, name);
    execFileSync('bpftool', ['prog', 'load', object, pinned, 'type', 'classifier']);
    const shown = execFileSync('bpftool', ['-j', 'prog', 'show', 'pinned', pinned], {
      encoding: 'utf8',
    });
    return { ...(JSON.parse(shown) as { id: number; tag: string }), pinned };
  }

  remove(): void {
    execFileSync('umount', [this.#bpffs]);
    rmSync(this.#directory, { recursive: true });
  }
}
