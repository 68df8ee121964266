import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PlumbProcess } from './plumb-process.js';

export const CHECKOUT = resolve(import.meta.dirname, '../..');
export const STAR_WARS = join(CHECKOUT, 'examples/star-wars/plumb.ts');

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of all tests of one file. */
const commands = new PlumbProcess();

/** Runs a command to its end; never throws for an exit code. */
export function run(command: string, args: readonly string[], env = process.env): Promise<Result> {
  return new Promise((done) => {
    execFile(
      command,
      args,
      { cwd: CHECKOUT, env: { ...env, NO_COLOR: '1' }, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
        done({ code, stdout, stderr });
      },
    );
  });
}

/** Somebody without any right, whom no package of Debian is; root without capabilities would still be root. */
export const SOMEBODY = ['--reuid=12345', '--regid=12345', '--clear-groups', '--inh-caps=-all'];

/**
 * `bin/plumb` as somebody without privileges, who may have no account, and nothing in the environment that says
 * where it would be.
 */
export function runUnprivileged(...args: readonly string[]): Promise<Result> {
  const bare = ['env', '-u', 'HOME', '-u', 'SHELL', 'bin/plumb'];
  return run('setpriv', [...SOMEBODY, '--no-new-privs', ...bare, ...args]);
}

/** Names in a directory; none where there is none, or none any more. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** A node of the test's own: a network namespace, and a root directory for pins and locks. */
export class TestNode {
  readonly root = mkdtempSync(join(tmpdir(), 'plumb-e2e-'));

  constructor(readonly netns: string) {
    execFileSync('ip', ['netns', 'add', netns]);
    execFileSync('ip', ['-netns', netns, 'link', 'set', 'lo', 'up']);
  }

  /** A command on this node, in a process that stays: see {@link PlumbProcess}. */
  plumb(...args: readonly string[]): Promise<Result> {
    return commands.run([...args, '--netns', this.netns, '--root', this.root]);
  }

  /** The same with `--json`, parsed; throws with the output when it is not JSON. */
  async json<T = Record<string, unknown>>(...args: readonly string[]): Promise<T> {
    const result = await this.plumb(...args, '--json');
    try {
      return JSON.parse(result.stdout) as T;
    } catch (error) {
      throw new Error(`not JSON (exit ${String(result.code)}): ${result.stdout}${result.stderr}`, {
        cause: error,
      });
    }
  }

  /** Ends the process that runs commands: the kernel frees what it still held open. */
  release(): Promise<void> {
    return commands.stop();
  }

  ip(...args: readonly string[]): string {
    return execFileSync('ip', ['-netns', this.netns, ...args], { encoding: 'utf8' });
  }

  pin(path: string): string {
    return join(this.root, 'bpf', this.netns, path);
  }

  /** Where the proxy's processes have their files. */
  get proxy(): string {
    return join(this.root, 'run', this.netns, 'proxy');
  }

  /** Processes of the proxy, also those that only finish what they have. */
  pids(what: 'haproxy' | 'supervisor'): number[] {
    const name = what === 'haproxy' ? /^haproxy-.*\.pid$/ : /^pid$/;
    return namesIn(this.proxy)
      .filter((file) => name.test(file))
      .flatMap((file) => {
        try {
          return [Number(readFileSync(join(this.proxy, file), 'utf8'))];
        } catch {
          // It has just ended.
          return [];
        }
      });
  }

  async dispose(): Promise<void> {
    await this.plumb('destroy', '--yes');
    execFileSync('ip', ['netns', 'delete', this.netns]);
    try {
      execFileSync('umount', [join(this.root, 'bpf')], { stdio: 'ignore' });
    } catch {
      // Not mounted: nothing was ever applied.
    }
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Runs a command inside an endpoint's namespace. */
export function inside(
  netns: string,
  command: string,
  ...args: readonly string[]
): Promise<Result> {
  return run('nsenter', [`--net=/run/netns/${netns}`, command, ...args]);
}
