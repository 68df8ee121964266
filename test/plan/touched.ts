import { isEqual, nameOf } from '../../src/apply/compare.js';
import type { Step } from '../../src/plan/plan.js';
import type { Resource, State } from '../../src/state/state.js';

/** Hex of each key -> hex of its value. */
type Rows = ReadonlyMap<string, string>;

function rowsIn(resource: Resource | null | undefined): Rows {
  if (resource?.kind !== 'bpf-entries') return new Map();
  const { count, keys, values } = resource.columns;
  const part = (bytes: Uint8Array, i: number): string => {
    const width = bytes.length / count;
    return Buffer.from(bytes.subarray(i * width, (i + 1) * width)).toString('hex');
  };
  return new Map(Array.from({ length: count }, (_, i) => [part(keys, i), part(values, i)]));
}

/** Two states, looked at together. */
export class Pair {
  readonly #from: ReadonlyMap<string, Resource>;
  readonly #to: ReadonlyMap<string, Resource>;

  constructor(from: State, to: State) {
    const byName = ({ resources }: State) => new Map(resources.map((one) => [nameOf(one), one]));
    this.#from = byName(from);
    this.#to = byName(to);
  }

  /** Whether a resource is not the same in both, or in one alone. */
  differs(kind: string, key: string): boolean {
    const [from, to] = [this.#from, this.#to].map((one) => one.get(nameOf({ kind, key })));
    if (from === undefined || to === undefined) return from !== to;
    return !isEqual(from, to);
  }

  /** Rows that a step names although both states have them, and alike, as hex of their keys. */
  idleRows({ key, before, after }: Step): string[] {
    const [from, to] = [this.#from, this.#to].map((one) =>
      rowsIn(one.get(nameOf({ kind: 'bpf-entries', key }))),
    );
    const named = new Set([...rowsIn(before).keys(), ...rowsIn(after).keys()]);
    return [...named].filter(
      (row) => from?.get(row) !== undefined && from.get(row) === to?.get(row),
    );
  }

  /** Whether the policy is another, or its classes or sets are: then live versions learn of it, too. */
  get isAnotherPolicy(): boolean {
    return ['plumb_classes', 'plumb_heads', 'plumb_endpoints', 'plumb_devices'].some((key) =>
      this.differs('bpf-entries', key),
    );
  }
}
