import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlumbError } from '../model/error.js';
import { askProxy, proxyDirectory, type SupervisorOptions } from './control.js';

const STARTED_WITHIN = 10_000;
const EVERY = 20;

/** Starts a supervisor that outlives this process, and waits until it answers. */
export async function startSupervisor(options: SupervisorOptions): Promise<void> {
  const directory = proxyDirectory(options.runDir);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'log');
  const log = openSync(path, 'a', 0o600);
  const child = spawn(process.execPath, [entry(), JSON.stringify(options)], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  closeSync(log);
  child.unref();
  for (let waited = 0; waited < STARTED_WITHIN; waited += EVERY) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    await sleep(EVERY);
    if ((await askProxy(options.runDir)) !== undefined) return;
  }
  throw new PlumbError('PLB_PROXY', "the proxy's supervisor did not start", {
    hint: `See its log, ${path}.`,
  });
}

/** The compiled supervisor of this package, also when this file runs from its source. */
function entry(): string {
  let root = import.meta.dirname;
  while (!existsSync(join(root, 'package.json')) && root !== dirname(root)) root = dirname(root);
  const path = join(root, 'dist/src/supervisor/main.js');
  if (existsSync(path)) return path;
  throw new PlumbError('PLB_PROXY', `there is no ${path}`, { hint: 'Build it: make build.' });
}
