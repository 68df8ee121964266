import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const PID_FILE = /^haproxy-(\d+)-\d+\.pid$/;

/** Ends the processes that another supervisor left when it died, with their connections. */
export function endStrays(directory: string): void {
  for (const name of readdirSync(directory)) {
    const [, supervisor] = PID_FILE.exec(name) ?? [];
    if (supervisor === undefined || Number(supervisor) === process.pid) continue;
    const path = join(directory, name);
    const pid = Number(readFileSync(path, 'utf8'));
    if (isHaproxy(pid)) process.kill(pid, 'SIGTERM');
    for (const end of ['.pid', '.cfg', '.sock']) {
      rmSync(path.replace(/\.pid$/, end), { force: true });
    }
  }
}

/** The number may be somebody else's by now. */
function isHaproxy(pid: number): boolean {
  try {
    return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim() === 'haproxy';
  } catch {
    return false;
  }
}
