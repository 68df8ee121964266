import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inNetns } from './in-netns.js';

/** Listeners that one call names. */
const AT_ONCE = 100;

/**
 * Resets every connection that listeners have accepted, whichever process has it: they carry the listener's
 * id as their mark. Both sides learn of it (SOCK_DESTROY, Linux 4.5). `netns`: path of a namespace; absent: that
 * of this process.
 */
export async function closeConnections(
  netns: string | undefined,
  ids: readonly number[],
): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const marks = ids.slice(from, from + AT_ONCE).map((id) => `fwmark = 0x${id.toString(16)}`);
    await destroy(netns, marks.join(' or '));
  }
}

/**
 * Ends all connections of sockets that are bound to a device, also those that are closed and wait (TIME_WAIT):
 * they know it by its number, which another device may get.
 */
export async function closeConnectionsOf(
  netns: string | undefined,
  ifindex: number,
): Promise<void> {
  await destroy(netns, `dev = if${String(ifindex)}`);
}

async function destroy(netns: string | undefined, filter: string): Promise<void> {
  const options = ['--kill', '--tcp', '--numeric', '--no-header', 'state', 'connected'];
  const { command, args } = inNetns(netns, 'ss', [...options, `( ${filter} )`]);
  await promisify(execFile)(command, args);
}
