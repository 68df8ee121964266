import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlumbError } from '../model/error.js';
import { wayVariables } from '../proxy/haproxy/common.js';
import { setFollowed } from '../proxy/haproxy/followed.js';
import { isReady } from '../proxy/haproxy/ready.js';
import { cpuVariables } from '../proxy/haproxy/threads.js';
import { inNetns } from '../proxy/in-netns.js';
import type { RedirectMode } from '../state/proxy-names.js';

/** What one HAProxy is started with. */
export interface HaproxyRun {
  readonly config: string;
  /** File descriptors of listening sockets, by the variables that the configuration has for them. */
  readonly sockets: ReadonlyMap<string, number>;
}

export interface HaproxyOptions {
  readonly mode: RedirectMode;
  readonly directory: string;
  /** Path of the namespace that it runs in; absent: that of this process. */
  readonly netns?: string;
  /** Whether it tells of requests from the start; see `follow`. */
  readonly isFollowed: boolean;
  readonly onLine: (line: string) => void;
  /** Told when it has ended, and whether it had run, and nobody had asked it to end. */
  readonly onEnd: (isDeath: boolean) => void;
}

const READY_WITHIN = 15_000;
const EVERY = 10;
const FIRST_FD = 3;

let count = 0;

/** One process of HAProxy, in the proxy's namespace, with sockets that are not its own. */
export class Haproxy {
  readonly admin: string;
  readonly #config: string;
  readonly #pid: string;
  #child: ChildProcess | undefined;
  #isReady = false;
  #isLeaving = false;

  private constructor(private readonly options: HaproxyOptions) {
    const name = `haproxy-${String(process.pid)}-${String(++count)}`;
    this.admin = join(options.directory, `${name}.sock`);
    this.#config = join(options.directory, `${name}.cfg`);
    this.#pid = join(options.directory, `${name}.pid`);
  }

  /** Checks the configuration, starts, and waits until it accepts. @throws PlumbError PLB_HAPROXY */
  static async start(run: HaproxyRun, options: HaproxyOptions): Promise<Haproxy> {
    const made = new Haproxy(options);
    try {
      await made.#start(run);
      return made;
    } catch (error) {
      made.#isLeaving = true;
      made.#child?.kill('SIGKILL');
      made.#clear();
      throw error;
    }
  }

  async #start({ config, sockets }: HaproxyRun): Promise<void> {
    writeFileSync(this.#config, config, { mode: 0o600 });
    const child = this.#spawn(sockets);
    this.#child = child;
    writeFileSync(this.#pid, String(child.pid), { mode: 0o600 });
    const said: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      if (said.length > 20) said.shift();
    });
    createInterface({ input: child.stdout }).on('line', this.options.onLine);
    let failure: string | undefined;
    child.on('error', (error) => (failure = error.message));
    child.on('exit', (code, signal) => {
      failure = `it ended with ${signal ?? String(code)}`;
      this.#clear();
      this.options.onEnd(this.#isReady && !this.#isLeaving);
    });
    for (let waited = 0; waited < READY_WITHIN; waited += EVERY) {
      if (failure !== undefined) break;
      this.#isReady = (await isReady(this.admin)) && this.isThere;
      if (this.#isReady) return;
      await sleep(EVERY);
    }
    this.#isLeaving = true;
    throw new PlumbError('PLB_HAPROXY', `HAProxy did not start: ${failure ?? 'it is not ready'}`, {
      hint: 'Is HAProxy 2.6 or newer installed? plumb doctor tells what is missing.',
      detail: said.join('\n'),
    });
  }

  #spawn(sockets: HaproxyRun['sockets']) {
    const env: Record<string, string> = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      PLUMB_HAPROXY_SOCKET: this.admin,
      PLUMB_FOLLOWED: String(this.options.isFollowed),
      ...wayVariables(this.options.mode),
      ...cpuVariables(),
    };
    const fds = [...sockets].map(([name, fd], i) => {
      env[name] = String(FIRST_FD + i);
      return fd;
    });
    const { command, args } = inNetns(this.options.netns, 'haproxy', ['-db', '-f', this.#config]);
    return spawn(command, args, {
      cwd: '/',
      env,
      stdio: ['ignore', 'pipe', 'pipe', ...fds],
    }) as ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream };
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether its process is there. */
  get isThere(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  get isRunning(): boolean {
    return this.isThere && !this.#isLeaving;
  }

  /** Whether it tells of requests from now on. */
  async follow(isFollowed: boolean): Promise<void> {
    try {
      await setFollowed(this.admin, isFollowed);
    } catch (error) {
      // Whoever has ended has nothing to tell.
      if (this.isThere) throw error;
    }
  }

  /** Takes no more connections; ends when those that it has are done. */
  retire(): void {
    this.#isLeaving = true;
    this.#child?.kill('SIGUSR1');
  }

  /** Ends now, with all connections. */
  async kill(): Promise<void> {
    this.#isLeaving = true;
    const child = this.#child;
    if (child === undefined || !this.isThere) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }

  #clear(): void {
    for (const path of [this.#config, this.#pid, this.admin]) rmSync(path, { force: true });
  }
}
