import { PROTOCOLS, type PortRange } from '../model/port.js';
import type { Rule } from '../policy/policy-set.js';
import {
  lookup,
  makeTable,
  type Ends,
  type TableEntry,
  type TableVerdict,
} from '../policy/table.js';

/** So many comparisons of one rule with another are made for all tables together. */
const WORK = 20_000_000;

/** Tables as the compiler would make them, of rules that are tried. */
export class TrialTables {
  readonly #known = new Map<string, readonly TableEntry[]>();
  readonly #listeners = new Map<string, number>();
  #left = WORK;

  /** Whether two lists of rules give the same table; false, too, once the work has become too much. */
  areSame(some: readonly Rule[], others: readonly Rule[], ends: Ends): boolean {
    this.#left -= some.length ** 2 + others.length ** 2;
    if (this.#left < 0) return false;
    return JSON.stringify(this.of(some, ends)) === JSON.stringify(this.of(others, ends));
  }

  of(rules: readonly Rule[], ends: Ends): readonly TableEntry[] {
    const contributions = [...new Set(rules.map(({ contribution }) => contribution))].sort();
    const key = JSON.stringify([ends, contributions]);
    const known = this.#known.get(key) ?? makeTable(rules, ends, (l7) => this.#listenerOf(l7));
    this.#known.set(key, known);
    return known;
  }

  /** Any number that says which requests pass. */
  #listenerOf(rules: readonly Rule[]): number {
    const key = [...new Set(rules.map(({ l7 }) => l7?.key ?? ''))].sort().join('\n');
    const known = this.#listeners.get(key) ?? this.#listeners.size;
    this.#listeners.set(key, known);
    return known;
  }
}

/** All verdicts that a table has on ports of a range. */
export function verdictsOn(
  entries: readonly TableEntry[],
  { protocol, from, to }: PortRange,
): TableVerdict[] {
  if (protocol === PROTOCOLS.ANY) return entries.map(({ verdict }) => verdict);
  const edges = entries
    .filter((entry) => entry.protocol === protocol && entry.bits !== undefined)
    .flatMap(({ port, bits = 0 }) => [port, port + 2 ** (16 - bits)]);
  return [from, ...edges.filter((port) => port > from && port <= to)].flatMap(
    (port) => lookup(entries, protocol, port)?.verdict ?? [],
  );
}

export function touches(range: PortRange, ranges: readonly PortRange[]): boolean {
  return ranges.some(
    ({ protocol, from, to }) =>
      range.protocol === PROTOCOLS.ANY ||
      protocol === PROTOCOLS.ANY ||
      (range.protocol === protocol && range.from <= to && from <= range.to),
  );
}
