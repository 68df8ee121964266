/** One line of what a benchmark measured. A benchmark is a file `bench/<area>/<name>.ts` that exports `run`. */
export interface Row {
  /** What was measured, for example `new identity`. */
  readonly name: string;
  /** On what, with its size, for example `10,000 identities, 1,000 rules, 100 endpoints`. */
  readonly workload: string;
  /** Median of the runs, in `unit`. */
  readonly value: number;
  readonly unit: string;
  /** What it is compared with, measured in the same run on the same machine, or a figure from elsewhere. */
  readonly peer: string;
  /** The peer's figure, in `unit`. */
  readonly peerValue: number;
  /** How many times better than the peer: 2 is half the time, or twice the rate. */
  readonly ratio: number;
  /** The least ratio that the design asks for, where it asks for one. */
  readonly reach?: number;
  /** How many runs the value is the median of. */
  readonly runs: number;
}

export interface Benchmark {
  run(): Promise<readonly Row[]>;
}
