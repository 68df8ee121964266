import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Objects that the datapath is compared with, built from its own sources in a directory of their own. */
export interface Builds {
  /** The shipped object: one program for all endpoints. */
  readonly shared: string;
  /** The same program with one endpoint's data in .rodata. */
  readonly template: string;
  /** Parses, and lets on. */
  readonly parseOnly: string;
  /** Runs the compiler on the template once more, as for another endpoint. */
  compile(): void;
  remove(): void;
}

export function build(): Builds {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-bench-'));
  cpSync(join(ROOT, 'bpf'), directory, { recursive: true });
  rmSync(join(directory, 'dist'), { recursive: true, force: true });
  cpSync(join(import.meta.dirname, 'parse-only.c'), join(directory, 'parse-only.c'));
  const make = (target: string): string => {
    execFileSync('make', ['--silent', '-C', directory, `dist/${target}.o`]);
    return join(directory, 'dist', `${target}.o`);
  };
  const parseOnly = make('parse-only');
  cpSync(join(import.meta.dirname, 'template-device.h'), join(directory, 'include/device.h'));
  const template = make('endpoint');
  return {
    shared: join(ROOT, 'bpf/dist/endpoint.o'),
    template,
    parseOnly,
    compile: () => {
      rmSync(template);
      make('endpoint');
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
}
