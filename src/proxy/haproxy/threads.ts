import { readFileSync } from 'node:fs';
import type { RedirectMode } from '../../state/proxy-names.js';

/** Threads of a HAProxy. The datapath knows of no more: see bpf/include/threads.h. */
export const THREADS = 2;

/** How many of them have a socket of their own for each listener; of one, all accept from it. */
export function threadsWithSockets(mode: RedirectMode): number {
  return mode === 'socket' ? THREADS : 1;
}

/** Environment variable that has the file descriptor of a listener's socket for a thread, which count from 0. */
export function socketVariable(id: number, thread: number): string {
  return thread === 0 ? `PLUMB_FD_${String(id)}` : `PLUMB_FD_${String(id)}_${String(thread + 1)}`;
}

/** Those of all its sockets, by thread. */
export function socketVariables(id: number, mode: RedirectMode): string[] {
  return Array.from({ length: threadsWithSockets(mode) }, (_, thread) =>
    socketVariable(id, thread),
  );
}

/** Lines that keep each thread to the CPUs whose connections it gets; see `cpuVariables`. */
export function cpuMap(mode: RedirectMode): string[] {
  if (threadsWithSockets(mode) === 1) return [];
  // HAProxy 2.6 does nothing for a thread that is called by the number 1.
  return ['  cpu-map 1/odd "${PLUMB_CPUS_1}"', '  cpu-map 1/even "${PLUMB_CPUS_2}"'];
}

/**
 * Environment variables with the CPUs of each thread, `0,2`: of those that a process may run on each gets what
 * the datapath leads to its sockets. A thread that would have none may run on all.
 */
export function cpuVariables(allowed: readonly number[] = allowedCpus()): Record<string, string> {
  const byThread = Array.from({ length: THREADS }, (_, thread) => {
    const own = allowed.filter((cpu) => cpu % THREADS === thread);
    return [`PLUMB_CPUS_${String(thread + 1)}`, (own.length > 0 ? own : allowed).join(',')];
  });
  return Object.fromEntries(byThread) as Record<string, string>;
}

/** Numbers of the CPUs that this process may run on (proc_pid_status(5)). */
function allowedCpus(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status) ?? [];
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
