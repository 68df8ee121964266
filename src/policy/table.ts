import { LAST_PORT, PROTOCOLS, type PortRange } from '../model/port.js';
import { resolve, type End, type Resolution, type Ruling } from './tiers.js';

/**
 * `deny` by a rule, `default-deny` because no rule allows, `redirect` to a proxy that lets through what
 * rules of layer 7 allow. Numbers are the datapath's business.
 */
export type TableVerdict = 'allow' | 'deny' | 'default-deny' | 'redirect';

/**
 * One entry: final, no other entry is weighed against it. `bits` is how much of the port counts:
 * undefined for any protocol and port, 0 for any port of the protocol, 16 for one port.
 */
export interface TableEntry {
  readonly protocol: number;
  readonly port: number;
  readonly bits: number | undefined;
  readonly verdict: TableVerdict;
  /** Only judged and told: what it denies is let through. */
  readonly audit?: true;
  /** Of `redirect`: the listener that filters. */
  readonly listener?: number;
}

/** What one rule contributes for a class. */
export interface Contribution extends Ruling {
  readonly ranges: readonly PortRange[];
  /** Lets through only a part of what it allows, which others say. */
  readonly l7?: unknown;
}

/** Names the listener for rules each of which has its part of layer 7. */
export type ListenerFor<C> = (rules: readonly [C, ...C[]]) => number;

/** Where the tiers end, with all policies, and with those alone that are more than audited. */
export interface Ends {
  readonly judged: End;
  readonly enforced: End;
}

type Covering<C> = readonly (PortRange & C)[];

type Said = Pick<TableEntry, 'verdict' | 'audit' | 'listener'>;

interface Segment extends Said {
  readonly from: number;
  readonly to: number;
}

/**
 * Resolves contributions to a table (see {@link resolve}). Canonical and minimal: the longest matching
 * prefix says the verdict, and no entry repeats what the one around it says. Never empty.
 */
export function makeTable<C extends Contribution>(
  contributions: readonly C[],
  ends: Ends,
  listenerFor: ListenerFor<C>,
): TableEntry[] {
  const all: Covering<C> = contributions.flatMap((ruling) =>
    ruling.ranges.map((range) => ({ ...ruling, ...range })),
  );
  const rules = { ends, listenerFor };
  const any = all.filter((range) => range.protocol === PROTOCOLS.ANY);
  const base = judge(any, rules);
  const entries: TableEntry[] = [{ protocol: PROTOCOLS.ANY, port: 0, bits: undefined, ...base }];
  const protocols = [...new Set(all.map((range) => range.protocol))].sort((a, b) => a - b);
  for (const protocol of protocols) {
    if (protocol === PROTOCOLS.ANY) continue;
    const ranges = all.filter((range) => range.protocol === protocol);
    for (const segment of segmentsOf(ranges, any, base, rules)) {
      if (!isSame(segment, base)) entries.push(...prefixesOf(protocol, segment));
    }
  }
  return entries;
}

interface Rules<C> {
  readonly ends: Ends;
  readonly listenerFor: ListenerFor<C>;
}

/** What audited policies would deny, or filter, is let through, and told where it would be denied. */
function judge<C extends Contribution>(covering: Covering<C>, rules: Rules<C>): Said {
  const { judged, enforced } = rules.ends;
  const all = resolve(covering, judged);
  if (judged === enforced && !covering.some(({ audit }) => audit)) {
    return filtered(all, judged, rules);
  }
  const serious = resolve(
    covering.filter(({ audit }) => !audit),
    enforced,
  );
  if (serious.verdict !== 'allow') return { verdict: serious.verdict };
  return all.verdict === 'allow'
    ? filtered(serious, enforced, rules)
    : { verdict: all.verdict, audit: true };
}

/** What any rule lets through whatever it says is not filtered, nor what the end would let through. */
function filtered<C extends Contribution>(
  { verdict, by }: Resolution<C>,
  end: End,
  { listenerFor }: Rules<C>,
): Said {
  const [first, ...rest] = by;
  if (verdict !== 'allow' || end === 'open' || first === undefined) return { verdict };
  if (by.some(({ l7 }) => l7 === undefined)) return { verdict };
  return { verdict: 'redirect', listener: listenerFor([first, ...rest]) };
}

function isSame(a: Said, b: Said): boolean {
  return a.verdict === b.verdict && a.audit === b.audit && a.listener === b.listener;
}

/** Sweeps the ports of one protocol; neighbors of one verdict are one segment. */
function segmentsOf<C extends Contribution>(
  ranges: Covering<C>,
  any: Covering<C>,
  base: Said,
  rules: Rules<C>,
): Segment[] {
  const starts = new Set([0]);
  for (const { from, to } of ranges) starts.add(from).add(to + 1);
  const edges = [...starts].filter((port) => port <= LAST_PORT).sort((a, b) => a - b);
  const segments: Segment[] = [];
  edges.forEach((from, i) => {
    const to = (edges[i + 1] ?? LAST_PORT + 1) - 1;
    const here = ranges.filter((range) => range.from <= from && to <= range.to);
    const said = here.length === 0 ? base : judge([...any, ...here], rules);
    const last = segments.at(-1);
    if (last !== undefined && isSame(last, said)) segments[segments.length - 1] = { ...last, to };
    else segments.push({ from, to, ...said });
  });
  return segments;
}

/** The fewest prefixes that are exactly the segment, ascending. */
function prefixesOf(protocol: number, { from, to, ...said }: Segment): TableEntry[] {
  const entries: TableEntry[] = [];
  for (let port = from; port <= to;) {
    let free = port === 0 ? 16 : Math.min(16, Math.clz32(port & -port) ^ 31);
    while (port + 2 ** free - 1 > to) free--;
    entries.push({ protocol, port, bits: 16 - free, ...said });
    port += 2 ** free;
  }
  return entries;
}

/** What the datapath's longest-prefix lookup finds; undefined only in a table that lacks its base. */
export function lookup(
  entries: readonly TableEntry[],
  protocol: number,
  port: number,
): TableEntry | undefined {
  let best: TableEntry | undefined;
  for (const entry of entries) {
    if (entry.bits !== undefined) {
      if (entry.protocol !== protocol) continue;
      if ((entry.port ^ port) >>> (16 - entry.bits) !== 0) continue;
    }
    if (best === undefined || (entry.bits ?? -1) > (best.bits ?? -1)) best = entry;
  }
  return best;
}
