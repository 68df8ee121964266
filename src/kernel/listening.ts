import type { Surroundings } from '../model/surroundings.js';

/** TCP_LISTEN, as the kernel's tables have it. */
const LISTEN = '0A';

/** Bound ports of a table of /proc/net (proc(5)), each once. */
export function portsOf(protocol: 'TCP' | 'UDP', table: string): Surroundings['ports'] {
  const ports = table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => protocol === 'UDP' || state === LISTEN)
    .map(([, local = '']) => Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16))
    .filter((port) => port > 0);
  return [...new Set(ports)].map((port) => ({ protocol, port }));
}
