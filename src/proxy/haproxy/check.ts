import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PlumbError } from '../../model/error.js';
import type { ListenerSpec } from '../../state/state.js';
import { wayVariables } from './common.js';
import { haproxyConfig } from './config.js';
import { haproxyListeners } from './listeners.js';
import { cpuVariables, socketVariables } from './threads.js';

const FD = 3;
/** Of the modes the one whose configuration says the most. */
const MODE = 'socket';

/**
 * Has the HAProxy of this machine look at what it would be started with. Starts and changes nothing.
 * @throws PlumbError PLB_HAPROXY when there is none, or it finds a fault
 */
export async function checkHaproxy(listeners: readonly ListenerSpec[]): Promise<void> {
  const own = haproxyListeners(listeners);
  if (own.length === 0) return;
  const directory = mkdtempSync(join(tmpdir(), 'plumb-haproxy-'));
  const path = join(directory, 'haproxy.cfg');
  // Whatever socket: it only has to be one.
  const server = createServer().listen(join(directory, 'socket'));
  try {
    await once(server, 'listening');
    writeFileSync(path, haproxyConfig(own, MODE), { mode: 0o600 });
    const env: Record<string, string> = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      PLUMB_HAPROXY_SOCKET: join(directory, 'admin'),
      PLUMB_FOLLOWED: 'false',
      ...wayVariables(MODE),
      ...cpuVariables(),
    };
    for (const { id } of own) for (const name of socketVariables(id, MODE)) env[name] = String(FD);
    await run(path, env, fdOf(server));
  } finally {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function run(path: string, env: Record<string, string>, fd: number): Promise<void> {
  const child = spawn('haproxy', ['-c', '-f', path], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', fd],
  });
  const said = child.stderr === null ? Promise.resolve('') : text(child.stderr);
  let code: unknown;
  try {
    [code] = (await once(child, 'exit')) as [number | null];
  } catch (cause) {
    throw new PlumbError('PLB_HAPROXY', 'there is no HAProxy on this machine', {
      hint: 'Install HAProxy 2.6 or newer: rules of HTTP and TLS need it.',
      cause,
    });
  }
  if (code === 0) return;
  throw new PlumbError('PLB_HAPROXY', 'HAProxy refuses the configuration of the rules of layer 7', {
    detail: (await said).replaceAll(path, 'haproxy.cfg'),
    hint: 'Nothing was changed. Is it HAProxy 2.6 or newer?',
  });
}

/** Node.js tells the file descriptor of a socket nowhere else. */
function fdOf(server: Server): number {
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}
