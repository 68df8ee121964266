import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** User and group `nobody`. */
const NOBODY = '65534';

/** CAP_SETGID, CAP_SETUID and CAP_SYS_ADMIN. */
const ALL_CAPABILITIES = (1n << 6n) | (1n << 7n) | (1n << 21n);

const MIB = 1 << 20;

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Whether the process is in a network namespace of its own that has not even a loopback device up. */
  readonly hasNoNetwork: boolean;
}

/**
 * The command that runs Node.js with as little as can be: nobody's user and groups, no capability and
 * no way to one, no network, a bound on memory (V8's heap, and all that is written to), no core dump. Who
 * may not make a network namespace asks for a user namespace first; where the machine refuses both, the
 * network stays as it is to the caller. Uses util-linux's unshare, prlimit and setpriv.
 */
export async function sandboxed(node: readonly string[], memoryMiB: number): Promise<Command> {
  const limited = [
    ...['prlimit', `--data=${String(dataBytes(memoryMiB))}`, '--core=0', 'setpriv'],
    ...['--no-new-privs', '--inh-caps=-all'],
  ];
  if (isPrivileged()) {
    const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
    const args = ['--net', ...limited, '--bounding-set=-all', ...user, ...node];
    return { command: 'unshare', args, hasNoNetwork: true };
  }
  if (await hasUserNamespaces()) {
    const args = [...USER_NAMESPACE, ...limited, '--bounding-set=-all', ...node];
    return { command: 'unshare', args, hasNoNetwork: true };
  }
  const [command = '', ...args] = [...limited, ...node];
  return { command, args, hasNoNetwork: false };
}

/** V8 keeps its heap below `memoryMiB`; buffers, stacks and Node.js itself come on top. */
function dataBytes(memoryMiB: number): number {
  return (memoryMiB + memoryMiB / 2 + 512) * MIB;
}

const USER_NAMESPACE = ['--user', '--net', '--map-current-user'];

let userNamespaces: Promise<boolean> | undefined;

/** Asked once: a machine may forbid them to all or to some. */
function hasUserNamespaces(): Promise<boolean> {
  const run = promisify(execFile);
  userNamespaces ??= run('unshare', [...USER_NAMESPACE, 'setpriv', '--bounding-set=-all', 'true'])
    .then(() => true)
    .catch(() => false);
  return userNamespaces;
}

/** Root may lack what it takes, in a container. */
function isPrivileged(): boolean {
  const status = readFileSync('/proc/self/status', 'utf8');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return (BigInt(`0x${effective}`) & ALL_CAPABILITIES) === ALL_CAPABILITIES;
}
