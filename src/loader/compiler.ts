// Type-checks and bundles the program that its first argument names, in the first directory of the others that it sees;
// runs in a process of its own, in the sandbox.
import { closeSync, openSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { PlumbError, PlumbErrors } from '../model/error.js';
import { makeBundle } from './bundle.js';
import type { Said, SaidError } from './compile-protocol.js';
import { RESULT_FD } from './protocol.js';

const [, , program = '', ...directories] = process.argv;

enter();

if (readable()) {
  const bundling = bundle();
  // Loading the compiler keeps this thread busy while bundling is another process's work.
  const { check } = await import('./check.js');
  say(await bundling);
  const begin = performance.now();
  const { errors, ruleLines } = check(program);
  const ms = performance.now() - begin;
  say({ kind: 'checked', errors: errors.map(said), ruleLines, ms });
}
// The bundler's process stays otherwise.
process.exit(0);

/** The first of the directories that is there: what has no tsconfig.json finds types from there. */
function enter(): void {
  for (const directory of directories) {
    try {
      process.chdir(directory);
      return;
    } catch {
      // Not everything that the caller sees is seen here.
    }
  }
}

function readable(): boolean {
  try {
    // access(2) would go by modes alone.
    closeSync(openSync(program, 'r'));
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const who = `user ${String(process.getuid?.())}`;
    const name = basename(program);
    const unreadable = new PlumbError(
      'PLB_PROGRAM_UNREADABLE',
      `${who} may not read ${program}: ${code}`,
      {
        origin: { path: name, file: name },
        hint: `Let ${who} read it, with what it imports: programs are read with the rights of whoever calls sudo, or of their owner, never with root's.`,
      },
    );
    say({ kind: 'unreadable', errors: [said(unreadable)] });
    return false;
  }
}

async function bundle(): Promise<Said> {
  const begin = performance.now();
  try {
    const made = await makeBundle(program);
    return { kind: 'bundle', bundle: made, ms: performance.now() - begin };
  } catch (error) {
    if (error instanceof PlumbErrors) return { kind: 'unbundled', errors: error.errors.map(said) };
    if (error instanceof PlumbError) return { kind: 'unbundled', errors: [said(error)] };
    return { kind: 'bundler-ended', message: (error as Error).message };
  }
}

function said({ code, message, hint, origin, detail }: PlumbError): SaidError {
  return { code: code as SaidError['code'], message, hint, origin, detail };
}

function say(what: Said): void {
  const bytes = Buffer.from(`${JSON.stringify(what)}\n`);
  for (let at = 0; at < bytes.length;) at += writeSync(RESULT_FD, bytes, at);
}
