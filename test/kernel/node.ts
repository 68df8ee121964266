import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openInstance, type Instance } from '../../src/kernel/instance.js';
import { readState } from '../../src/kernel/read-state.js';
import type { State } from '../../src/state/state.js';

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A node in a network namespace and below a directory of the test's own. */
export class KernelNode {
  readonly root = mkdtempSync(join(tmpdir(), 'plk-'));
  readonly instance: Instance;
  readonly bpffs = join(this.root, 'bpf');

  /** Of the namespace and the node, and the prefix of its endpoints' namespaces. */
  readonly name: string;

  constructor(prefix: string) {
    // Two runs of the tests on one machine do not meet.
    this.name = `${prefix}-${process.pid}`;
    run('ip', 'netns', 'add', this.name);
    run('ip', '-netns', this.name, 'link', 'set', 'lo', 'up');
    this.instance = openInstance({ netns: this.name, root: this.root });
  }

  read(): Promise<State> {
    return readState(this.instance, { node: this.name });
  }

  ip(...args: readonly string[]): string {
    return run('ip', '-netns', this.name, ...args);
  }

  tc(...args: readonly string[]): string {
    return run('tc', '-netns', this.name, ...args);
  }

  mapPin(name: string): string {
    return join(this.instance.pinDir, 'maps', name);
  }

  /** Runs in an endpoint's namespace; throws when it fails. */
  inside(netns: string, command: string, ...args: readonly string[]): string {
    return run('nsenter', `--net=/run/netns/${netns}`, command, ...args);
  }

  /** Whether one packet comes back within a second. */
  pings(netns: string, address: string): boolean {
    try {
      this.inside(netns, 'ping', '-c1', '-W1', '-n', address);
      return true;
    } catch {
      return false;
    }
  }

  /** Takes everything away, whatever state a test left it in. */
  dispose(): void {
    this.sweep();
    try {
      run('umount', this.bpffs);
    } catch {
      // Nothing was ever pinned.
    }
    rmSync(this.root, { recursive: true, force: true });
  }

  private sweep(): void {
    const names = run('ip', 'netns', 'list').split('\n');
    for (const line of names) {
      const name = line.split(' ')[0] ?? '';
      if (name === this.name || name.startsWith(`${this.name}-`)) {
        run('ip', 'netns', 'delete', name);
      }
    }
  }
}
