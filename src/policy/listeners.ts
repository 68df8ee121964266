import { PlumbError, type Origin } from '../model/error.js';
import type { Listener } from '../model/l7.js';
import type { PolicySetInfo, Refs } from './compiled.js';
import { Ids } from './ids.js';
import { listenerOf, mergeL7, type L7 } from './l7.js';
import { DIRECTIONS, type Direction, type Rule } from './policy-set.js';
import type { TableEntry } from './table.js';

/** Two flags stand beside a listener's number where the datapath keeps it. */
const BITS = 0x3fff_ffff;

/** Numbers distinct sets of rules of layer 7, by their contents. */
export class ListenerIds {
  readonly #ids = new Ids((hash) => hash & BITS);
  readonly #known = new Map<number, { readonly direction: Direction; readonly l7: L7 }>();

  get salted(): boolean {
    return this.#ids.salted;
  }

  /**
   * The listener of all of these, which let the same traffic through as far as layers 3 and 4 go.
   * @throws PlumbError PLB_L7_PROTOCOLS where they are about two protocols
   */
  of(rules: readonly [Rule, ...Rule[]]): number {
    const [first] = rules;
    const parts = rules.flatMap(({ l7 }) => l7 ?? []);
    const [one, ...rest] = parts;
    if (one === undefined) throw new RangeError('no rule of layer 7');
    const other = rules.find(({ l7 }) => l7?.protocol !== one.protocol || l7.plugin !== one.plugin);
    if (other !== undefined) throw twoProtocols(first, other);
    const l7 = mergeL7([one, ...rest]);
    const { direction } = first;
    const id = this.#ids.of(`listener ${direction} ${l7.key}`);
    this.#known.set(id, { direction, l7 });
    return id;
  }

  /** Those that tables of versions name, ascending, each with the lines of the policies that lead there. */
  named(
    versions: Iterable<{ readonly info: PolicySetInfo; readonly refs: Refs }>,
    tables: ReadonlyMap<number, readonly TableEntry[]>,
  ): Map<number, Listener> {
    const origins = new Map<number, Map<string, Origin[]>>();
    for (const { info, refs } of versions) {
      for (const direction of DIRECTIONS) {
        const ids = new Set(
          [...new Set(refs[direction].values())].flatMap((table) =>
            (tables.get(table) ?? []).flatMap(({ listener }) => listener ?? []),
          ),
        );
        if (ids.size > 0) collect(origins, ids, info, direction);
      }
    }
    return new Map(
      [...origins]
        .sort(([a], [b]) => a - b)
        .flatMap(([id, byText]) => {
          const known = this.#known.get(id);
          if (known === undefined) return [];
          const { direction, l7 } = known;
          return [[id, listenerOf(id, direction, l7, (text) => byText.get(text) ?? [])] as const];
        }),
    );
  }
}

function collect(
  origins: Map<number, Map<string, Origin[]>>,
  ids: ReadonlySet<number>,
  { policies }: PolicySetInfo,
  direction: Direction,
): void {
  const rules = policies.flatMap((policy) => policy.rules);
  const filtered = rules.filter((rule) => rule.direction === direction && rule.l7 !== undefined);
  for (const id of ids) {
    const byText = origins.get(id) ?? new Map<string, Origin[]>();
    origins.set(id, byText);
    for (const { l7, origin } of filtered) {
      for (const text of l7?.rules ?? []) {
        const known = byText.get(text) ?? [];
        if (!known.includes(origin)) byText.set(text, [...known, origin]);
      }
    }
  }
}

function twoProtocols(one: Rule, other: Rule): PlumbError {
  const name = ({ l7 }: Rule): string => l7?.plugin ?? l7?.protocol ?? 'nothing';
  return new PlumbError(
    'PLB_L7_PROTOCOLS',
    `policy ${one.policy} has ${name(one)} and policy ${other.policy} ${name(other)} for the same peers and port`,
    {
      origin: other.origin,
      hint: `A port speaks one protocol: change this rule, or the one at ${placeOf(one.origin)}.`,
    },
  );
}

function placeOf({ path, file, line }: Origin): string {
  return file === undefined ? path : `${file}:${String(line ?? 1)}`;
}
