import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownTree } from './own-package.js';
import { closedTo, NOBODY, type User } from './user.js';

/** What of the machine's files a compiler sees, all of it read-only, as arguments of bwrap(1). */
export interface View {
  readonly files: readonly string[];
  /** Whether modes and owners do not count, since nothing is seen but what is to be read. */
  readonly whatever: boolean;
}

/** Programs, libraries and nothing that is secret. */
const SYSTEM = ['/usr', '/bin', '/lib', '/lib64', '/etc/ld.so.cache'];

/** Makes a directory the root of a project. */
const MARKS = ['package.json', 'tsconfig.json', '.git'];

const DEVICES = ['--dev', '/dev', '--remount-ro', '/dev'];

/**
 * Everything, where a user's own rights say what of it may be read. Root's own programs are compiled by nobody: where
 * nobody may not read the program, or this package, only the project, this package and the system are there,
 * and modes do not count.
 * @param program absolute path
 * @param user whose rights the compiler gets; undefined: the caller's
 */
export async function viewOf(program: string, user?: User): Promise<View> {
  if (user === undefined) return everything([]);
  const own = ownTree();
  const closed = await closedTo(user, own);
  if (user === NOBODY && (closed ?? (await closedTo(user, program))) !== undefined) {
    return only([...SYSTEM, process.execPath, projectOf(program), own]);
  }
  // Where nothing may be searched nothing is lost by what is put in its place.
  return everything(closed === undefined || closed === own ? [] : [closed, own]);
}

function everything([closed, own]: readonly string[]): View {
  const instead =
    closed && own
      ? ['--perms', '0755', '--tmpfs', closed, ...opened([own], closed), '--ro-bind', own, own]
      : [];
  const files = [
    '--ro-bind',
    '/',
    '/',
    ...instead,
    '--tmpfs',
    '/proc',
    '--remount-ro',
    '/proc',
    ...DEVICES,
  ];
  return { files, whatever: false };
}

function only(paths: readonly string[]): View {
  const files = paths.flatMap((path) => ['--ro-bind-try', path, path]);
  return {
    files: [...opened(paths, '/'), ...files, ...DEVICES, '--remount-ro', '/'],
    whatever: true,
  };
}

/** Makes the directories between `base` and each of the paths such that everybody may search them. */
function opened(paths: readonly string[], base: string): string[] {
  const between = new Set<string>();
  for (const path of paths) {
    const above: string[] = [];
    for (let at = dirname(path); at.length > base.length; at = dirname(at)) above.unshift(at);
    for (const at of above) between.add(at);
  }
  return [...between].flatMap((path) => ['--perms', '0755', '--dir', path]);
}

function projectOf(program: string): string {
  const own = dirname(program);
  for (let at = own; at !== dirname(at); at = dirname(at)) {
    if (MARKS.some((name) => existsSync(join(at, name)))) return at;
  }
  return own;
}
