export interface DNSLimits {
  /** Queries that wait for a server's answer at a time. Default 4096. */
  readonly inFlight: number;
  /** The same, of one client. Default 256. */
  readonly inFlightPerClient: number;
  /** Until an answer is not waited for any more. Default 10000. */
  readonly timeoutMs: number;
  /** Connections of clients at a time. Default 1024. */
  readonly connections: number;
  /** The same, of one client. Default 64. */
  readonly connectionsPerClient: number;
  /** Queries of one connection that wait for an answer; more are not read until then. Default 64. */
  readonly pipelined: number;
  /** Until a connection that nothing comes over is closed. Default 30000. */
  readonly idleMs: number;
}

export const DNS_LIMITS: DNSLimits = {
  inFlight: 4096,
  inFlightPerClient: 256,
  timeoutMs: 10_000,
  connections: 1024,
  connectionsPerClient: 64,
  pipelined: 64,
  idleMs: 30_000,
};

/** Counts what there may be so many of, in all and for each client. */
export class Places {
  #taken = 0;
  readonly #byClient = new Map<string, number>();

  constructor(
    private readonly most: number,
    private readonly mostPerClient: number,
  ) {}

  /** A function that gives the place back; undefined when there is none. */
  take(client: string): (() => void) | undefined {
    const own = this.#byClient.get(client) ?? 0;
    if (this.#taken >= this.most || own >= this.mostPerClient) return undefined;
    this.#taken++;
    this.#byClient.set(client, own + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#taken--;
      const left = (this.#byClient.get(client) ?? 1) - 1;
      if (left === 0) this.#byClient.delete(client);
      else this.#byClient.set(client, left);
    };
  }
}
