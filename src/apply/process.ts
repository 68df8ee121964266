import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** A process, told from a later one of the same number. */
export interface ProcessId {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTime: string;
}

/** USER_HZ: the kernel tells every process the same. */
const TICKS = 100;
const LONGEST = 80;

export async function processId(pid: number): Promise<ProcessId> {
  return { pid, startTime: (await statOf(pid))?.startTime ?? '' };
}

/** A process that has ended and that nobody has waited for is none. */
export async function isAlive({ pid, startTime }: ProcessId): Promise<boolean> {
  const found = await statOf(pid);
  return found?.startTime === startTime && found.state !== 'Z';
}

/** As JSON has it; undefined for anything else. */
export function parseProcessId(text: string): ProcessId | undefined {
  try {
    const { pid, startTime } = JSON.parse(text) as Partial<ProcessId>;
    if (typeof pid === 'number' && typeof startTime === 'string') return { pid, startTime };
  } catch {
    // Half a file, or somebody else's.
  }
  return undefined;
}

async function statOf(pid: number): Promise<{ state: string; startTime: string } | undefined> {
  try {
    const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    // The second field is a name in parentheses that may hold anything.
    const [state = '', ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, startTime: rest[18] ?? '' };
  } catch {
    return undefined;
  }
}

/** `process 17 (plumb apply plumb.ts, of user 0, since 12:00:01)`, as far as it can be seen. */
export async function describeProcess({ pid, startTime }: ProcessId): Promise<string> {
  const who = `process ${String(pid)}`;
  try {
    const line = (await readFile(`/proc/${String(pid)}/cmdline`, 'utf8')).split('\0').join(' ');
    const { uid } = await stat(`/proc/${String(pid)}`);
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? 0);
    const since = new Date((boot + Number(startTime) / TICKS) * 1000).toISOString().slice(11, 19);
    const command = line.trim().slice(0, LONGEST);
    return `${who} (${command}, of user ${String(uid)}, since ${since} UTC)`;
  } catch {
    return who;
  }
}
