import { rangeText, type PortRange } from '../model/port.js';
import type { PolicyView } from '../policy/compiled.js';
import type { TrafficLine } from '../report/traffic.js';
import { verdictDelta, type VerdictChange } from '../verdict/delta.js';
import type { PeerGroup } from '../verdict/groups.js';
import { listText, whoText, type Peer } from './labels.js';
import { labelsById, type Compiled } from './provenance.js';
import { admittedBetween, plainest } from './traffic-admitted.js';
import { joined, partsOf } from './traffic-ports.js';
import { whyOf, type Known, type Sides, type Why } from './traffic-causes.js';

/** Connections that change alike, for one reason. */
interface Row extends Why {
  readonly from: readonly Peer[];
  readonly to: readonly Peer[];
  readonly what: readonly PortRange[];
  readonly change: TrafficLine['change'];
}

/**
 * What a change of policy means for traffic, in lines for people. `before` is what the kernel holds;
 * `applied`, if known, the program that made it, for the lines that no longer allow something.
 */
export function trafficLines(
  before: PolicyView | null,
  applied: Known | undefined,
  after: Known,
): TrafficLine[] {
  const sides = { before, applied, after };
  const lines = linesOf(verdictDelta(before, after.policy), sides);
  if (before !== null && !isProgram(applied)) return lines;
  const former = before === null ? undefined : applied;
  if (!isProgram(after) || !(former === undefined || isProgram(former))) return lines;
  const admitted = admittedBetween(former, after);
  if (admitted === undefined) return lines;
  const { changes, names, isComplete } = admitted;
  const theirs = {
    before: admitted.before?.policy ?? null,
    applied: admitted.before,
    after: admitted.after,
  };
  const all = linesOf(changes, theirs, names);
  // From nothing everything is new, also for everybody whom no policy isolates: only what rules do is told.
  const told = before === null ? all.filter(({ causes }) => causes !== undefined) : all;
  return [...lines, ...told, ...(isComplete ? [] : [NOT_ALL])];
}

const NOT_ALL: TrafficLine = {
  change: 'change',
  from: 'whoever else selectors mean (nobody yet)',
  to: 'anyone',
  what: 'any',
  note: 'not compared: too many combinations of labels',
};

function isProgram(known: Known | undefined): known is Compiled {
  return known?.document !== undefined;
}

/** @param names of identities that nobody has */
function linesOf(
  changes: readonly VerdictChange[],
  sides: Sides,
  names: ReadonlyMap<number, string> = new Map(),
): TrafficLine[] {
  const { applied, after } = sides;
  const labels = new Map([
    ...(applied === undefined ? [] : labelsById(applied)),
    ...labelsById(after),
  ]);
  const prefixesOf = new Map<number, string[]>();
  for (const { prefix, identity } of after.policy.prefixes) {
    const list = prefixesOf.get(identity);
    if (list === undefined) prefixesOf.set(identity, [prefix]);
    else list.push(prefix);
  }
  const peersOf = ({
    prefixes,
    identities,
  }: Pick<PeerGroup, 'prefixes' | 'identities'>): Peer[] => [
    ...(prefixes ??
      identities.flatMap((id): readonly Peer[] => {
        const name = names.get(id);
        return name === undefined ? (prefixesOf.get(id) ?? [id]) : [name];
      })),
  ];
  const present = [...after.policy.classes.keys()].filter((id) => !names.has(id));
  const everybody = peersOf({ identities: present });
  const rows = changes.flatMap((change) =>
    rowsOf(change, sides, peersOf(change.from), peersOf(change.to)),
  );
  return merge(merge(merge(rows, 'what'), 'from'), 'to').map(({ from, to, what, ...row }) => ({
    ...row,
    from: whoText(plainest(from), labels, everybody),
    to: whoText(plainest(to), labels, everybody),
    what: whatText(what),
  }));
}

/** A row for each part of the ports that other rules cover. */
function rowsOf(
  change: VerdictChange,
  sides: Sides,
  from: readonly Peer[],
  to: readonly Peer[],
): Row[] {
  const { kind } = change;
  return partsOf(change, sides).map((ports) => ({
    change: kind === 'opened' ? 'allow' : kind === 'closed' ? 'deny' : 'change',
    from,
    to,
    what: [ports],
    ...whyOf(change, ports, sides),
  }));
}

/** `any` among others is all that these do not name. */
function whatText(ranges: readonly PortRange[]): string {
  const what = joined(ranges).map(rangeText);
  const others = what.filter((text) => text !== 'any');
  const named = [...new Set(others.map((text) => text.slice(text.lastIndexOf('/') + 1)))];
  const texts = what.map((text) => {
    return text === 'any' && named.length > 0 ? `any but ${named.join(' and ')}` : text;
  });
  return listText(texts);
}

/** Rows that are alike but for one column become one with all of that column. */
function merge(rows: readonly Row[], column: 'from' | 'to' | 'what'): Row[] {
  const groups = new Map<string, Row>();
  for (const row of rows) {
    const key = JSON.stringify({ ...row, [column]: null });
    const known = groups.get(key);
    if (column === 'what') {
      const all = [...(known?.what ?? []), ...row.what];
      groups.set(key, { ...row, what: joined(all) });
      continue;
    }
    const values = [...new Set([...(known?.[column] ?? []), ...row[column]])].sort(byPeer);
    groups.set(key, { ...row, [column]: values });
  }
  return [...groups.values()];
}

/** Numbers before prefixes, both ascending: equal sets must be equal lists. */
function byPeer(a: Peer, b: Peer): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : 1;
}
