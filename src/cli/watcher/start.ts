import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Where } from '../../engine.js';
import { packageRoot } from '../../engine/package-root.js';
import { amend, announce } from '../../engine/unconfirmed.js';
import type { Planned } from '../../engine.js';

/**
 * Has a process of its own see to it that what is applied next is undone unless it is confirmed: also
 * when this process, its terminal, or the network that somebody came by is lost.
 */
export async function watchApply(planned: Planned, where: Where): Promise<void> {
  await announce(planned, where);
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
  child.unref();
  if (child.pid !== undefined) await amend(where, { watcher: child.pid });
}
