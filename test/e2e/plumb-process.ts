import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Result } from './node.js';

interface Reply {
  readonly call: number;
  readonly result: Result;
}

/**
 * The built commands in one process that stays, one after the other. Most of what a command of its own
 * process takes is the start of Node.js and of the compiler. Ends with the process that started it.
 */
export class PlumbProcess {
  readonly #waiting = new Map<number, (result: Result | Error) => void>();
  #child: ChildProcess | undefined;
  #calls = 0;

  async run(args: readonly string[]): Promise<Result> {
    const child = (this.#child ??= this.#start());
    const call = ++this.#calls;
    child.ref();
    child.channel?.ref();
    const result = await new Promise<Result | Error>((done) => {
      this.#waiting.set(call, done);
      child.send({ call, args });
    });
    if (result instanceof Error) throw result;
    return result;
  }

  /** The next command starts it anew: nothing that it held open is open any more. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  }

  #start(): ChildProcess {
    const child = fork(join(import.meta.dirname, 'plumb-process.mjs'), {
      env: { ...process.env, NO_COLOR: '1' },
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', ({ call, result }: Reply) => {
      this.#settle(child, [call], result);
    });
    child.once('exit', (code, signal) => {
      if (this.#child === child) this.#child = undefined;
      const error = new Error(`the process of plumb ended with ${String(signal ?? code)}`);
      this.#settle(child, [...this.#waiting.keys()], error);
    });
    return child;
  }

  #settle(child: ChildProcess, calls: readonly number[], result: Result | Error): void {
    for (const call of calls) {
      this.#waiting.get(call)?.(result);
      this.#waiting.delete(call);
    }
    if (this.#waiting.size > 0) return;
    // It must not keep a worker of the tests from its end.
    child.unref();
    child.channel?.unref();
  }
}
