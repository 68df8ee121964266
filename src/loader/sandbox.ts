import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PlumbError } from '../model/error.js';
import type { User } from './user.js';
import type { View } from './view.js';

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
const OWN_USERS = ['unshare', '--user', '--net', '--map-current-user'];

const as = ({ uid, gid }: User): Prefix => [
  `--reuid=${String(uid)}`,
  `--regid=${String(gid)}`,
  '--clear-groups',
];

/** For what needs no files. */
function bare(user: User | undefined): Ways {
  const own = [...OWN_USERS, ...NO_CAPABILITIES];
  if (user === undefined) return { whole: [own], withNetwork: NO_RIGHTS };
  return {
    whole: [
      ['unshare', '--net', ...NO_CAPABILITIES, ...as(user)],
      // in a container: who may not make a network namespace may make one together with a user namespace
      ['setpriv', ...as(user), ...own],
      // root in name only, who cannot even become somebody else
      own,
    ],
    withNetwork: [...NO_RIGHTS, ...as(user)],
  };
}

const JAIL = [
  ...['bwrap', '--die-with-parent', '--new-session', '--chdir', '/', '--cap-drop', 'ALL'],
  ...['--unshare-net', '--unshare-pid', '--unshare-ipc', '--unshare-uts'],
];

/** What it takes to become somebody else, and to give up the rest. */
const BECOME = ['SETUID', 'SETGID', 'SETPCAP'];

const READ_ALL = 'DAC_OVERRIDE';

/** For what reads files: read-only, and no processes but its own. */
function withFiles(user: User | undefined, { files, whatever }: View): Ways {
  const own = [...JAIL, '--unshare-user', ...files];
  if (user === undefined) return { whole: [own], withNetwork: NO_RIGHTS };
  const first = [...BECOME, ...(whatever ? [READ_ALL] : [])];
  const kept = whatever ? `-all,+${READ_ALL.toLowerCase()}` : '-all';
  return {
    whole: [
      [
        ...[...JAIL, ...first.flatMap((name) => ['--cap-add', `CAP_${name}`]), ...files],
        ...['setpriv', '--no-new-privs', ...as(user)],
        ...['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=${kept}`),
      ],
      ['setpriv', ...as(user), ...own],
      own,
    ],
    withNetwork: [...NO_RIGHTS, ...as(user)],
  };
}

const found = new Map<string, Promise<Prefix>>();

/**
 * What Node.js is run behind, so that it can do as little as can be: the rights of a user who is not root, no
 * capability and no way to one, a network namespace that has not even a loopback device up; with a view, files
 * that cannot be written. Found once, by trying: what a machine forbids, and to whom, nothing else tells. Uses
 * util-linux's unshare and setpriv, and bubblewrap.
 * @param user undefined: the caller, who is not root
 * @param view what is seen of files; without one nothing hides them, and nothing should be given a way to them
 * @throws PlumbError PLB_SANDBOX where the machine refuses, and {@link ALLOW_NETWORK} is not 1
 */
export function findSandbox(user: User | undefined, view?: View): Promise<readonly string[]> {
  const ways = view === undefined ? bare(user) : withFiles(user, view);
  const key = JSON.stringify(ways);
  const known = found.get(key) ?? find(ways, process.env[ALLOW_NETWORK] === '1');
  found.set(key, known);
  return known;
}

async function find({ whole, withNetwork }: Ways, allowNetwork: boolean): Promise<Prefix> {
  const refusals: string[] = [];
  for (const prefix of allowNetwork ? [...whole, withNetwork] : whole) {
    const refusal = await refusalOf(prefix);
    if (refusal === undefined) return prefix;
    refusals.push(refusal);
  }
  const needed = whole.length > 1 ? 'root make network namespaces' : 'users make user namespaces';
  throw new PlumbError(
    'PLB_SANDBOX',
    'this machine runs no program without privileges and network',
    {
      detail: refusals.join('\n'),
      hint: `Install util-linux and bubblewrap and let ${needed}, or trust programs with the network: ${ALLOW_NETWORK}=1.`,
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
