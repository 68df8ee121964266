import type { PortRange } from '../model/port.js';
import { RESERVED } from '../model/identity.js';
import type { PolicyView } from '../policy/compiled.js';
import { DEFAULT_CLASS } from '../policy/compiled.js';
import type { TableEntry } from '../policy/table.js';
import { findTable } from './decide.js';
import { compareTables, type Tables } from './segments.js';

/** Identities that both policies treat alike, so that one of them speaks for all. */
export interface PeerGroup {
  readonly identities: readonly number[];
  /** Endpoints of this node before, after. */
  readonly local: readonly [boolean, boolean];
}

/** Connections whose verdict changes. */
export interface VerdictChange {
  readonly from: PeerGroup;
  readonly to: PeerGroup;
  readonly ports: PortRange;
  readonly allowed: boolean;
}

/**
 * Which connections become allowed or denied between two policies: exact over all identities that
 * either knows, all protocols and all ports. A connection counts only while both ends exist: an
 * identity that one of them does not know is new or gone, which is no change of policy; `null` is a
 * node without any.
 */
export function verdictDelta(before: PolicyView | null, after: PolicyView): VerdictChange[] {
  const groups = groupIdentities(before, after);
  const changes: VerdictChange[] = [];
  for (const from of groups) {
    for (const to of groups) {
      const [wasHere, isHere] = [from.local[0] || to.local[0], from.local[1] || to.local[1]];
      if (!isHere) continue;
      const old = before === null || !wasHere ? undefined : tablesOf(before, from, to, 0);
      const change = compareTables(old ?? [undefined], tablesOf(after, from, to, 1));
      for (const ports of change.opened) changes.push({ from, to, ports, allowed: true });
      for (const ports of change.closed) changes.push({ from, to, ports, allowed: false });
    }
  }
  return changes;
}

function tablesOf(view: PolicyView, from: PeerGroup, to: PeerGroup, time: 0 | 1): Tables {
  const [source = 0] = from.identities;
  const [destination = 0] = to.identities;
  const tables: (readonly TableEntry[] | undefined)[] = [];
  if (from.local[time]) tables.push(tableAt(view, 'egress', source, destination));
  const isHost = source === RESERVED.host && view.allowLocalhost && !from.local[time];
  if (to.local[time] && !isHost) tables.push(tableAt(view, 'ingress', destination, source));
  return tables;
}

function tableAt(
  view: PolicyView,
  direction: 'ingress' | 'egress',
  subject: number,
  peer: number,
): readonly TableEntry[] | undefined {
  const { table } = findTable(view, direction, subject, peer);
  return table === undefined ? undefined : view.tables.get(table);
}

function groupIdentities(before: PolicyView | null, after: PolicyView): PeerGroup[] {
  const identities = new Set([...(before?.classes.keys() ?? []), ...after.classes.keys()]);
  const groups = new Map<string, { identities: number[]; local: [boolean, boolean] }>();
  for (const id of [...identities].sort((a, b) => a - b)) {
    const local: [boolean, boolean] = [
      before?.policySets.has(id) ?? false,
      after.policySets.has(id),
    ];
    const key = [
      before?.classes.get(id) ?? DEFAULT_CLASS,
      after.classes.get(id) ?? DEFAULT_CLASS,
      before?.policySets.get(id) ?? 0,
      after.policySets.get(id) ?? 0,
      ...local,
      // The host is judged apart when it may always reach its endpoints.
      id === RESERVED.host,
    ].join(' ');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { identities: [id], local });
    else group.identities.push(id);
  }
  return [...groups.values()];
}
