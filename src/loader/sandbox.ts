import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PlumbError } from '../model/error.js';

/** User and group `nobody`. */
const NOBODY = '65534';

const MIB = 1 << 20;

/** The environment variable that allows a program the network where nothing can take it away. */
export const ALLOW_NETWORK = 'PLUMB_ALLOW_NETWORK';

/** A command that another one follows: it gives something up, then becomes that one. */
type Prefix = readonly string[];

/** A way to give up everything, and one that keeps the network. */
interface Ways {
  readonly whole: readonly Prefix[];
  readonly withNetwork: Prefix;
}

const NO_RIGHTS = ['setpriv', '--no-new-privs', '--inh-caps=-all'];
const NO_CAPABILITIES = [...NO_RIGHTS, '--bounding-set=-all'];
const AS_NOBODY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
const OWN_USERS = ['unshare', '--user', '--net', '--map-current-user'];

const ANYBODYS: Ways = {
  whole: [[...OWN_USERS, ...NO_CAPABILITIES]],
  withNetwork: NO_RIGHTS,
};

const ROOTS: Ways = {
  whole: [
    ['unshare', '--net', ...NO_CAPABILITIES, ...AS_NOBODY],
    // in a container: who may not make a network namespace may make one together with a user namespace
    ['setpriv', ...AS_NOBODY, ...OWN_USERS, ...NO_CAPABILITIES],
    // root in name only, who cannot even become nobody
    ...ANYBODYS.whole,
  ],
  withNetwork: [...NO_RIGHTS, ...AS_NOBODY],
};

let found: Promise<Prefix> | undefined;

/**
 * What Node.js is run behind, so that it can do as little as can be: nobody's user and groups where the caller is
 * root, no capability and no way to one, a network namespace that has not even a loopback device up. Found
 * once, by trying: what a machine forbids, and to whom, nothing else tells. Uses util-linux's unshare and setpriv.
 * @throws PlumbError PLB_SANDBOX where the machine refuses, and {@link ALLOW_NETWORK} is not 1
 */
export function findSandbox(): Promise<readonly string[]> {
  found ??= find(process.env[ALLOW_NETWORK] === '1');
  return found;
}

/** A bound on memory (V8's heap below `memoryMiB`; buffers, stacks and Node.js itself come on top), no core dump. */
export function memoryLimit(memoryMiB: number): readonly string[] {
  const data = (memoryMiB + memoryMiB / 2 + 512) * MIB;
  return ['prlimit', `--data=${String(data)}`, '--core=0'];
}

async function find(allowNetwork: boolean): Promise<Prefix> {
  const isRoot = process.getuid?.() === 0;
  const { whole, withNetwork } = isRoot ? ROOTS : ANYBODYS;
  const refusals: string[] = [];
  for (const prefix of allowNetwork ? [...whole, withNetwork] : whole) {
    const refusal = await refusalOf(prefix);
    if (refusal === undefined) return prefix;
    refusals.push(refusal);
  }
  const needed = isRoot ? 'root make network namespaces' : 'users make user namespaces';
  throw new PlumbError(
    'PLB_SANDBOX',
    'this machine runs no program without privileges and network',
    {
      detail: refusals.join('\n'),
      hint: `Install util-linux and let ${needed}, or trust programs with the network: ${ALLOW_NETWORK}=1.`,
    },
  );
}

async function refusalOf([command = '', ...args]: Prefix): Promise<string | undefined> {
  try {
    await promisify(execFile)(command, [...args, 'true']);
    return undefined;
  } catch (error) {
    return (error as Error).message.trim();
  }
}
