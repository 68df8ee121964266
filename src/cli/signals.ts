/** What asks a command to stop: a key, whoever manages the process, a terminal that is gone. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Has these signals call `stop`, instead of ending the process, until the returned function is called. */
export function onStop(stop: () => void): () => void {
  for (const signal of SIGNALS) process.on(signal, stop);
  return () => {
    for (const signal of SIGNALS) process.off(signal, stop);
  };
}
