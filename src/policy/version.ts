import { DEFAULT_CLASS, type PolicySetInfo, type Refs } from './compiled.js';
import { Ids } from './ids.js';
import { ListenerIds } from './listeners.js';
import type { Direction, Rule } from './policy-set.js';
import { makeTable, type Ends, type TableEntry } from './table.js';

export interface Version {
  readonly id: number;
  readonly refs: Refs;
  /** Each that the refs name, once. */
  readonly tables: readonly number[];
}

/** Compiles the policies of one policy set after the other; equal tables are one, whoever needs them. */
export class VersionCompiler {
  private readonly tables = new Map<number, readonly TableEntry[]>();
  private readonly versionIds = new Ids();
  private readonly tableIds = new Ids();
  readonly listeners = new ListenerIds();
  /** Table by what contributes to it: rules with the same ports give the same one. */
  private readonly memo = new Map<string, number>();
  private readonly classesOfTerm = new Map<string, number[]>();

  get salted(): boolean {
    return this.versionIds.salted || this.tableIds.salted || this.listeners.salted;
  }

  constructor(classTerms: ReadonlyMap<number, readonly string[]>) {
    for (const [id, terms] of classTerms) {
      for (const term of terms) {
        const list = this.classesOfTerm.get(term);
        if (list === undefined) this.classesOfTerm.set(term, [id]);
        else list.push(id);
      }
    }
  }

  compile({ policies, isolated, ends }: PolicySetInfo): Version {
    const rules = policies.flatMap((policy) => policy.rules);
    const keys = [...new Set(rules.map((rule) => rule.key))].sort();
    const refs = {
      ingress: this.refs(rules, 'ingress', ends.ingress),
      egress: this.refs(rules, 'egress', ends.egress),
    };
    // How it ends is more than whether it isolates only where there are tiers, or audited policies.
    const isPlain = rules.every(({ rank, audit }) => rank === undefined && audit === undefined);
    const how = isPlain && hasOneEnd(ends.ingress) && hasOneEnd(ends.egress) ? [] : [ends];
    return {
      // The rules, not the refs: those change neutrally when other policies' terms split classes.
      id: this.versionIds.of(
        JSON.stringify(['version', isolated.ingress, isolated.egress, keys, ...how]),
      ),
      refs,
      tables: [...new Set([...refs.ingress.values(), ...refs.egress.values()])],
    };
  }

  /** The tables that versions need; others may be left from earlier compiles. */
  tablesOf(versions: Iterable<Version>): Map<number, readonly TableEntry[]> {
    const needed = new Map<number, readonly TableEntry[]>();
    for (const { tables } of versions) {
      for (const id of tables) needed.set(id, this.tables.get(id) ?? []);
    }
    return needed;
  }

  private refs(all: readonly Rule[], direction: Direction, ends: Ends): Map<number, number> {
    const rules = all.filter((rule) => rule.direction === direction);
    const anyPeer = rules.filter((rule) => rule.peers === undefined);
    const fallback = this.table(anyPeer, ends);
    const named = new Map<number, Rule[]>();
    for (const rule of rules) {
      for (const id of this.classesOf(rule)) {
        const list = named.get(id);
        if (list === undefined) named.set(id, [rule]);
        else list.push(rule);
      }
    }
    const refs = new Map([[DEFAULT_CLASS, fallback]]);
    for (const id of Uint32Array.from(named.keys()).sort()) {
      const own = named.get(id) ?? [];
      const table = this.table(anyPeer.length === 0 ? own : [...anyPeer, ...own], ends);
      if (table !== fallback) refs.set(id, table);
    }
    return refs;
  }

  private classesOf({ peers = [] }: Rule): Iterable<number> {
    const [only] = peers;
    if (peers.length === 1 && only !== undefined) return this.classesOfTerm.get(only.key) ?? [];
    return new Set(peers.flatMap((peer) => this.classesOfTerm.get(peer.key) ?? []));
  }

  private table(rules: readonly Rule[], ends: Ends): number {
    const key = `${ends.judged} ${ends.enforced} ${contributionOf(rules)}`;
    const known = this.memo.get(key);
    if (known !== undefined) return known;
    const entries = makeTable(rules, ends, (filtered) => this.listeners.of(filtered));
    const id = this.tableIds.of(JSON.stringify(['table', entries]));
    this.memo.set(key, id);
    this.tables.set(id, entries);
    return id;
  }
}

function contributionOf(rules: readonly Rule[]): string {
  const [only] = rules;
  if (rules.length < 2) return only?.contribution ?? '';
  return [...new Set(rules.map((rule) => rule.contribution))].sort().join(' ');
}

function hasOneEnd({ judged, enforced }: Ends): boolean {
  return judged === enforced;
}
