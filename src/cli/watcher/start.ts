import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Planned, Where } from '../../engine.js';
import { packageRoot } from '../../engine/package-root.js';
import { amend, announce, confirm } from '../../engine/unconfirmed.js';
import { PlumbError } from '../../model/error.js';

/**
 * Has a process of its own see to it that what is applied next is undone unless it is confirmed: also
 * when this process, its terminal, or the network that somebody came by is lost.
 * @throws PlumbError PLB_WATCHER, PLB_UNCONFIRMED, PLB_LOCKED
 */
export async function watchApply(planned: Planned, where: Where): Promise<void> {
  await announce(planned, where);
  try {
    await amend(where, { watcher: start(where) });
  } catch (error) {
    await confirm(where);
    throw error;
  }
}

/** @throws PlumbError PLB_WATCHER */
function start(where: Where): number {
  const { netns, root } = where;
  const given = {
    ...(netns === undefined ? {} : { netns: netns.includes('/') ? resolve(netns) : netns }),
    ...(root === undefined ? {} : { root: resolve(root) }),
  };
  const entry = join(packageRoot(), 'dist/src/cli/watcher/main.js');
  const child = spawn(process.execPath, [entry, JSON.stringify(given)], {
    cwd: '/',
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  child.on('error', () => undefined);
  child.unref();
  if (child.pid !== undefined) return child.pid;
  throw new PlumbError('PLB_WATCHER', 'no process can be started that would undo it in time', {
    hint: 'See what keeps this user from starting processes (ulimit -u, memory), or leave out --confirm-within.',
  });
}
