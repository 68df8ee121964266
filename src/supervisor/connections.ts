import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inNetns } from './in-netns.js';

/** Listeners that one call names. */
const AT_ONCE = 100;

/**
 * Resets every connection that listeners have accepted, whichever process has it: they carry the listener's
 * id as their mark. Both sides learn of it (SOCK_DESTROY, Linux 4.5).
 */
export async function closeConnections(
  netns: string | undefined,
  ids: readonly number[],
): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const marks = ids.slice(from, from + AT_ONCE).map((id) => `fwmark = 0x${id.toString(16)}`);
    const options = ['--kill', '--tcp', '--numeric', '--no-header', 'state', 'connected'];
    const { command, args } = inNetns(netns, 'ss', [...options, `( ${marks.join(' or ')} )`]);
    await promisify(execFile)(command, args);
  }
}
