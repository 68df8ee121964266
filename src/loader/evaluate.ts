import { spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { answerRequests, type Answer } from './answer.js';
import { REQUEST_FD, RESULT_FD, type Outcome } from './protocol.js';
import { deadline, failed, failureOf, memoryLimit, SANDBOX_HINT, timedOut } from './limits.js';
import { findSandbox } from './sandbox.js';
import type { User } from './user.js';

/** More than this on the extra pipe is no program's document. */
const MAX_RESULT_BYTES = 1 << 30;

export interface EvaluateOptions {
  /** Name of the program, for errors. */
  readonly program: string;
  /** Whose rights it gets; undefined: the caller's. */
  readonly user: User | undefined;
  /** Milliseconds from the start of the process to its end. */
  readonly timeoutMs: number;
  /** Most that V8's heap may take, in MiB. */
  readonly memoryMiB: number;
  /** Gets what the program writes to standard output and standard error. */
  readonly log: (chunk: Buffer) => void;
  /** Answers what the program asks for; what it throws ends the program. */
  readonly answer: Answer;
}

export interface Evaluation {
  /** Rejects with PlumbError PLB_PROGRAM_TIMEOUT or PLB_PROGRAM. */
  readonly outcome: Promise<Outcome>;
  /** Ends the process, if it still runs. */
  readonly stop: () => void;
}

/**
 * Runs a module in a process that may do next to nothing: no files, no processes, no threads, no native
 * code (Node's permission model), no environment, no network, a bound on memory, and a user's rights
 * who is not root (see {@link findSandbox}). What it may ask for, `answer` says. Resolves as soon as the child has the whole
 * module, so that the caller may then keep this thread busy.
 * @throws PlumbError PLB_SANDBOX
 */
export async function evaluate(code: string, options: EvaluateOptions): Promise<Evaluation> {
  const { program, user, timeoutMs, memoryMiB, log, answer } = options;
  const [command = '', ...args] = [...(await findSandbox(user)), ...memoryLimit(memoryMiB)];
  args.push(process.execPath, ...nodeArguments(memoryMiB));
  const child = spawn(command, args, {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  child.stdout.on('data', log);
  child.stderr.on('data', log);
  const stop = (): void => void child.kill('SIGKILL');

  const chunks: Buffer[] = [];
  let size = 0;
  (child.stdio[RESULT_FD] as Readable).on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_RESULT_BYTES) stop();
  });

  let refusal: Error | undefined;
  answerRequests(child.stdio[REQUEST_FD] as Duplex, answer, (error) => {
    refusal ??= error;
    stop();
  });

  const timer = deadline(timeoutMs, stop);
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', (cause) => {
      timer.clear();
      reject(failed(program, `the sandbox did not start: ${cause.message}`, SANDBOX_HINT));
    });
    child.on('close', (status, signal) => {
      timer.clear();
      if (refusal !== undefined) {
        reject(refusal);
        return;
      }
      if (timer.expired()) {
        reject(timedOut(program, `the program ran for more than ${timeoutMs / 1000} s`, LOOP_HINT));
        return;
      }
      const said = parse(Buffer.concat(chunks).toString('utf8'));
      if (said !== undefined) resolve(said);
      else {
        const ended = { program, what: 'the program', memoryMiB, status, signal };
        const left = `the program left with ${String(status)} before it was done`;
        reject(failureOf(ended) ?? failed(program, left, EXIT_HINT));
      }
    });
  });
  // A rejection must not go unseen while the caller is busy; the caller gets it all the same.
  outcome.catch(() => undefined);

  await new Promise<void>((done) => {
    child.stdin.on('error', () => done());
    child.on('error', () => done());
    child.stdin.end(code, () => done());
  });
  return { outcome, stop };
}

const EXIT_HINT = 'Let the program run to its end: no process.exit, no promise that is never kept.';

const LOOP_HINT = 'Look for a loop that does not end, or a promise that is never kept.';

function nodeArguments(memoryMiB: number): string[] {
  const flags = process.allowedNodeEnvironmentFlags;
  return [
    flags.has('--permission') ? '--permission' : '--experimental-permission',
    '--no-warnings',
    '--no-addons',
    `--max-old-space-size=${String(memoryMiB)}`,
    '--stack-trace-limit=50',
    '--input-type=module',
    '-',
  ];
}

function parse(text: string): Outcome | undefined {
  try {
    const value = JSON.parse(text) as Partial<Outcome> | null;
    if (typeof value !== 'object' || value === null) return undefined;
    return { ...value, elapsed: Number(value.elapsed) };
  } catch {
    return undefined;
  }
}
