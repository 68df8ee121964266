const FIRST_PORT = 10_000;
const PORTS = 10_000;

/**
 * A TCP and UDP port for each listener, 10000-19999: its own as long as no listener before it (by id)
 * has the same. @throws RangeError for more listeners than there are ports
 */
export function listenerPorts(ids: readonly number[]): ReadonlyMap<number, number> {
  if (ids.length > PORTS) throw new RangeError(`more than ${String(PORTS)} listeners`);
  const taken = new Map<number, number>();
  for (const id of [...ids].sort((a, b) => a - b)) {
    let port = FIRST_PORT + (id % PORTS);
    while (taken.has(port)) port = port + 1 === FIRST_PORT + PORTS ? FIRST_PORT : port + 1;
    taken.set(port, id);
  }
  return new Map([...taken].map(([port, id]) => [id, port]));
}
