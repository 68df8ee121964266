import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Of the HAProxy of this machine, `2.6.12`; undefined where there is none. */
export async function haproxyVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('haproxy', ['-v'], { timeout: 5_000 });
    return /version (\d+\.\d+[^\s-]*)/i.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}
