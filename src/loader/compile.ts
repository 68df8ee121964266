import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { basename, dirname } from 'node:path';
import { PlumbError, PlumbErrors } from '../model/error.js';
import type { Said, SaidError } from './compile-protocol.js';
import { saidSchema } from './compile-schema.js';
import { deadline, failed, failureOf, memoryHint, memoryLimit, timedOut } from './limits.js';
import { COMPILER } from './own-package.js';
import { RESULT_FD } from './protocol.js';
import { findSandbox } from './sandbox.js';
import type { User } from './user.js';
import { viewOf } from './view.js';

/** More than this is no program's bundle. */
const MAX_SAID_BYTES = 1 << 30;

/** Of what the process wrote to standard error when it failed. */
const MAX_DETAIL = 2000;

export interface CompileOptions {
  /** Whose rights the compiler gets; undefined: the caller's. */
  readonly user: User | undefined;
  /** Milliseconds from the start of the process to its end. */
  readonly timeoutMs: number;
  /** Most that V8's heap may take, in MiB. */
  readonly memoryMiB: number;
}

type Bundled = Extract<Said, { kind: 'bundle' }>;
type Checked = Extract<Said, { kind: 'checked' }>;

export interface Compilation {
  /** Comes first. Rejects with PLB_BUNDLE, or as `checked` does. */
  readonly bundled: Promise<Bundled>;
  /** The process ends with it. Rejects with PLB_TYPE, PLB_PROGRAM_UNREADABLE, PLB_PROGRAM or PLB_PROGRAM_TIMEOUT. */
  readonly checked: Promise<Checked>;
}

/**
 * Type-checks and bundles a program in a process that has no right but to read what a user may who is not root:
 * no network, nothing to write, a bound on time and memory. What a program names (imports, references, what its
 * tsconfig.json extends) is read by that process alone.
 * @param program absolute path
 * @throws PlumbError PLB_SANDBOX
 */
export async function compile(program: string, options: CompileOptions): Promise<Compilation> {
  const { user, timeoutMs, memoryMiB } = options;
  const sandbox = await findSandbox(user, await viewOf(program, user));
  const [command, ...args] = [...sandbox, ...memoryLimit(memoryMiB), process.execPath];
  args.push(`--max-old-space-size=${String(memoryMiB)}`, COMPILER);
  args.push(program, process.cwd(), dirname(program));
  const child = spawn(command, args, {
    cwd: '/',
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const stop = (): void => void child.kill('SIGKILL');
  const bundled = pending<Bundled>();
  const checked = pending<Checked>();
  const fail = (error: unknown): void => {
    bundled.reject(error);
    checked.reject(error);
    stop();
  };

  const name = basename(program);
  const hear = (said: Said): void => {
    switch (said.kind) {
      case 'bundle':
        bundled.resolve(said);
        break;
      case 'unbundled':
        bundled.reject(errorOf(said.errors));
        break;
      case 'bundler-ended':
        bundled.reject(
          failed(name, `the bundler ended: ${said.message}`, memoryHint('the bundler', memoryMiB)),
        );
        break;
      case 'checked':
        if (said.errors.length > 0) checked.reject(errorOf(said.errors));
        else checked.resolve(said);
        stop();
        break;
      case 'unreadable':
        fail(errorOf(said.errors));
    }
  };
  const pipe = child.stdio[RESULT_FD] as Readable;
  let size = 0;
  pipe.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_SAID_BYTES) stop();
  });
  createInterface({ input: pipe }).on('line', (line) => {
    try {
      hear(saidSchema.parse(JSON.parse(line)));
    } catch (error) {
      fail(error);
    }
  });

  let written = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    written = (written + text).slice(-MAX_DETAIL);
  });
  const timer = deadline(timeoutMs, stop);
  child.on('error', (cause) => {
    timer.clear();
    fail(failed(name, `the sandbox did not start: ${cause.message}`, START_HINT));
  });
  child.on('close', (status, signal) => {
    timer.clear();
    if (timer.expired()) {
      const what = `type check and bundling took more than ${String(timeoutMs / 1000)} s`;
      fail(timedOut(name, what, ENDLESS_HINT));
      return;
    }
    const ended = { program: name, what: 'the type check', memoryMiB, status, signal };
    const left = `the type check left with ${String(status)} before it was done`;
    fail(failureOf(ended) ?? failed(name, left, START_HINT, written.trim()));
  });
  return { bundled: bundled.promise, checked: checked.promise };
}

const ENDLESS_HINT =
  'Look for types that grow without end, or an import of what is no ordinary file.';
const START_HINT =
  "Let whoever the program's rights are of (who calls sudo, or its owner) read Node.js and this package.";

interface Pending<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** A rejection may be seen late, or never, where another tells the same. */
function pending<T>(): Pending<T> {
  let settle: Omit<Pending<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  promise.catch(() => undefined);
  return { promise, ...(settle as unknown as Omit<Pending<T>, 'promise'>) };
}

/** One error for one, else all of them. */
function errorOf(said: readonly SaidError[]): unknown {
  const errors = said.map(({ code, message, hint, origin, detail }) => {
    return new PlumbError(code, message, {
      hint,
      ...(origin && { origin }),
      ...(detail !== undefined && { detail }),
    });
  });
  const [first] = errors;
  return errors.length === 1 ? first : new PlumbErrors(errors);
}
