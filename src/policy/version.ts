import { DEFAULT_CLASS, type PolicySetInfo, type Refs } from './compiled.js';
import { Ids } from './ids.js';
import { ListenerIds } from './listeners.js';
import type { Direction, Rule } from './policy-set.js';
import type { PeerSelector } from './peers.js';
import { rulesKey } from './rule-keys.js';
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
  /** By where tiers end, tables by what contributes to them: rules with the same ports give the same one. */
  private readonly memo = new Map<string, Map<string, number>>();
  private readonly classesOfTerm = new Map<string, number[]>();

  get salted(): boolean {
    return this.versionIds.salted || this.tableIds.salted || this.listeners.salted;
  }

  constructor(classTerms: ReadonlyMap<number, readonly string[]>) {
    classTerms.forEach((terms, id) => {
      for (const term of terms) add(this.classesOfTerm, term, id);
    });
  }

  compile({ policies, isolated, ends }: PolicySetInfo): Version {
    const rules = policies.flatMap((policy) => policy.rules);
    const refs = {
      ingress: this.refs(rules, 'ingress', ends.ingress),
      egress: this.refs(rules, 'egress', ends.egress),
    };
    // How it ends is more than whether it isolates only where there are tiers, or audited policies.
    const isPlain = rules.every(({ rank, audit }) => rank === undefined && audit === undefined);
    const how = isPlain && hasOneEnd(ends.ingress) && hasOneEnd(ends.egress) ? [] : [ends];
    const head = JSON.stringify(['version', isolated.ingress, isolated.egress, ...how]);
    return {
      // The rules, not the refs: those change neutrally when other policies' terms split classes.
      id: this.versionIds.of(`${head} [${rulesKey(rules)}]`),
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
    const anyPeer: Rule[] = [];
    const named = new Map<number, Rule[]>();
    for (const rule of all) {
      if (rule.direction !== direction) continue;
      if (rule.peers === undefined) anyPeer.push(rule);
      else for (const id of this.classesOf(rule.peers)) add(named, id, rule);
    }
    const tableOf = this.tablesBy(ends);
    const fallback = tableOf(anyPeer);
    const refs = new Map([[DEFAULT_CLASS, fallback]]);
    for (const id of Uint32Array.from(named.keys()).sort()) {
      const own = named.get(id) ?? [];
      const table = tableOf(anyPeer.length === 0 ? own : [...anyPeer, ...own]);
      if (table !== fallback) refs.set(id, table);
    }
    return refs;
  }

  private classesOf(peers: readonly PeerSelector[]): Iterable<number> {
    const [only] = peers;
    if (peers.length === 1 && only !== undefined) return this.classesOfTerm.get(only.key) ?? [];
    return new Set(peers.flatMap((peer) => this.classesOfTerm.get(peer.key) ?? []));
  }

  private tablesBy(ends: Ends): (rules: readonly Rule[]) => number {
    const where = `${ends.judged} ${ends.enforced}`;
    const memo = this.memo.get(where) ?? new Map<string, number>();
    this.memo.set(where, memo);
    return (rules) => {
      const contribution = contributionOf(rules);
      const known = memo.get(contribution);
      if (known !== undefined) return known;
      const id = this.table(rules, ends);
      memo.set(contribution, id);
      return id;
    };
  }

  private table(rules: readonly Rule[], ends: Ends): number {
    const entries = makeTable(rules, ends, (filtered) => this.listeners.of(filtered));
    const id = this.tableIds.of(JSON.stringify(['table', entries]));
    this.tables.set(id, entries);
    return id;
  }
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function contributionOf(rules: readonly Rule[]): string {
  const [only] = rules;
  if (rules.length < 2) return only?.contribution ?? '';
  return [...new Set(rules.map((rule) => rule.contribution))].sort().join(' ');
}

function hasOneEnd({ judged, enforced }: Ends): boolean {
  return judged === enforced;
}
