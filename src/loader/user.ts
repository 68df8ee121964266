import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A user and a group, by number; no further groups. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** User and group `nobody`. */
export const NOBODY: User = { uid: 65_534, gid: 65_534 };

/**
 * Whose rights a program gets: the caller's own unless that is root (undefined then). Root's programs get those of
 * who called sudo, else of who owns the program's file, else nobody's; never root's.
 * @param program absolute path
 */
export async function userOf(program: string): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const uid = idOf(process.env['SUDO_UID']);
  const gid = idOf(process.env['SUDO_GID']);
  if (uid !== undefined && gid !== undefined) return { uid, gid };
  const owner = (await stat(program)).uid;
  // Not the file's group: whoever owns a file need not be in it.
  return owner === 0 ? NOBODY : { uid: owner, gid: NOBODY.gid };
}

/** The number of a user or group that is not root; undefined for anything else. */
function idOf(text = ''): number | undefined {
  const id = /^\d+$/.test(text) ? Number(text) : 0;
  return id > 0 && id < 0xffff_ffff ? id : undefined;
}

const SEARCH = 0o1;
const READ = 0o4;

/**
 * The outermost directory above a path that keeps a user from it, or the path itself where only that does; undefined
 * where nothing does. Goes by owners and modes.
 */
export async function closedTo(user: User, path: string): Promise<string | undefined> {
  const above: string[] = [];
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) above.unshift(at);
  for (const at of [...above, path]) {
    const { mode, uid, gid } = await stat(at);
    const granted = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;
    const needed = at === path ? READ : SEARCH;
    if ((granted & needed) === 0) return at;
  }
  return undefined;
}
