import { RESERVED } from '../model/identity.js';
import type { PortRange } from '../model/port.js';
import { DEFAULT_CLASS, type PolicyView } from '../policy/compiled.js';
import type { Direction } from '../policy/policy-set.js';
import type { TableEntry } from '../policy/table.js';
import { groupPeers, type Seat, type SeatedGroup } from './groups.js';
import { compareTables, type TableChange, type Tables } from './segments.js';

/** Identities that both policies treat alike, so that one of them speaks for all. */
export interface PeerGroup {
  /** As the later policy numbers them; as the earlier does, where the later knows them no more. */
  readonly identities: readonly number[];
  /** Of addresses outside, where both policies say who is there: which ones are meant. */
  readonly prefixes?: readonly string[];
  /** Endpoints of this node before, after. */
  readonly local: readonly [boolean, boolean];
}

/** Connections whose verdict changes. */
export interface VerdictChange {
  readonly from: PeerGroup;
  readonly to: PeerGroup;
  /** Protocol 0 is every protocol that no other change between the two names. */
  readonly ports: PortRange;
  readonly allowed: boolean;
  /** Allowed before and after; what rules of layer 7 let through of it changes. */
  readonly filter?: 'filtered' | 'freed' | 'changed';
}

/**
 * Which connections become allowed or denied between two policies: exact over all identities that
 * either knows, all protocols and all ports, and if both have prefixes, over all addresses outside.
 * One end must be an endpoint of this node afterwards; `null` is a node without any.
 */
export function verdictDelta(before: PolicyView | null, after: PolicyView): VerdictChange[] {
  const groups = groupPeers(before, after);
  const local = groups.filter((group) => group.local[1]);
  const compare = comparer();
  const changes: VerdictChange[] = [];
  for (const from of groups) {
    for (const to of from.local[1] ? groups : local) {
      const wasHere = before !== null && (from.local[0] || to.local[0]);
      const old = wasHere ? tablesOf(before, from, to, 0) : [undefined];
      const all = compare(old, tablesOf(after, from, to, 1));
      const { opened, closed } = all;
      for (const ports of opened) changes.push({ from, to, ports, allowed: true });
      for (const ports of closed) changes.push({ from, to, ports, allowed: false });
      for (const filter of ['filtered', 'freed', 'changed'] as const) {
        for (const ports of all[filter]) changes.push({ from, to, ports, allowed: true, filter });
      }
    }
  }
  return changes;
}

function tablesOf(view: PolicyView, from: SeatedGroup, to: SeatedGroup, time: 0 | 1): Tables {
  const source = from.seats[time];
  const destination = to.seats[time];
  const tables: (readonly TableEntry[] | undefined)[] = [];
  if (source.isLocal) tables.push(tableAt(view, 'egress', source, destination));
  const isHost = source.identity === RESERVED.host && view.allowLocalhost;
  if (destination.isLocal && !isHost) {
    tables.push(tableAt(view, 'ingress', destination, source));
  }
  return tables;
}

function tableAt(
  view: PolicyView,
  direction: Direction,
  subject: Seat,
  peer: Seat,
): readonly TableEntry[] | undefined {
  if (peer.class === undefined) return undefined;
  const refs = subject.refs?.[direction];
  const table = refs?.get(peer.class) ?? refs?.get(DEFAULT_CLASS);
  return table === undefined ? undefined : view.tables.get(table);
}

/** Compares tables once for each combination of contents: there are few tables and many pairs. */
function comparer(): (before: Tables, after: Tables) => TableChange {
  const numberOf = new Map<readonly TableEntry[] | undefined, number>();
  const byText = new Map<string, number>();
  const memo = new Map<string, TableChange>();
  const number = (table: readonly TableEntry[] | undefined): number => {
    const known = numberOf.get(table);
    if (known !== undefined) return known;
    const text = table === undefined ? '' : JSON.stringify(table);
    const own = byText.get(text) ?? byText.size;
    byText.set(text, own);
    numberOf.set(table, own);
    return own;
  };
  return (before, after) => {
    const key = `${before.map(number).join(' ')}>${after.map(number).join(' ')}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const change = compareTables(before, after);
    memo.set(key, change);
    return change;
  };
}
