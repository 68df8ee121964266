import { LAST_PORT, PROTOCOLS, type PortRange } from '../model/port.js';

/** `deny` by a rule, `default-deny` because no rule allows. Numbers are the datapath's business. */
export type TableVerdict = 'allow' | 'deny' | 'default-deny';

/**
 * One entry: final, no other entry is weighed against it. `bits` is how much of the port counts:
 * undefined for any protocol and port, 0 for any port of the protocol, 16 for one port.
 */
export interface TableEntry {
  readonly protocol: number;
  readonly port: number;
  readonly bits: number | undefined;
  readonly verdict: TableVerdict;
}

/** What one rule contributes for a class. */
export interface Contribution {
  readonly deny: boolean;
  readonly ranges: readonly PortRange[];
}

interface Segment {
  readonly from: number;
  readonly to: number;
  readonly verdict: TableVerdict;
}

/**
 * Resolves contributions to a table: deny beats allow, however specific. `open` allows what nobody
 * denies (no default deny in this direction). Canonical and minimal: the longest matching prefix says
 * the verdict, and no entry repeats what the one around it says. Never empty.
 */
export function makeTable(contributions: readonly Contribution[], open: boolean): TableEntry[] {
  const all = contributions.flatMap(({ deny, ranges }) =>
    ranges.map((range) => ({ ...range, deny })),
  );
  const any = all.filter((range) => range.protocol === PROTOCOLS.ANY);
  const base: TableVerdict = any.some((range) => range.deny)
    ? 'deny'
    : open || any.length > 0
      ? 'allow'
      : 'default-deny';
  const entries: TableEntry[] = [
    { protocol: PROTOCOLS.ANY, port: 0, bits: undefined, verdict: base },
  ];
  // A denial of everything leaves nothing to say of single ports.
  if (base === 'deny') return entries;
  const protocols = [...new Set(all.map((range) => range.protocol))].sort((a, b) => a - b);
  for (const protocol of protocols) {
    if (protocol === PROTOCOLS.ANY) continue;
    const ranges = all.filter((range) => range.protocol === protocol);
    for (const segment of segmentsOf(ranges, base)) {
      if (segment.verdict === base) continue;
      entries.push(...prefixesOf(protocol, segment));
    }
  }
  return entries;
}

/** Sweeps the ports of one protocol; neighbors of one verdict are one segment. */
function segmentsOf(
  ranges: readonly (PortRange & { readonly deny: boolean })[],
  base: TableVerdict,
): Segment[] {
  const starts = new Set([0]);
  for (const { from, to } of ranges) starts.add(from).add(to + 1);
  const edges = [...starts].filter((port) => port <= LAST_PORT).sort((a, b) => a - b);
  const segments: Segment[] = [];
  edges.forEach((from, i) => {
    const to = (edges[i + 1] ?? LAST_PORT + 1) - 1;
    const here = ranges.filter((range) => range.from <= from && to <= range.to);
    const verdict: TableVerdict = here.some((r) => r.deny)
      ? 'deny'
      : here.length > 0
        ? 'allow'
        : base;
    const last = segments.at(-1);
    if (last?.verdict === verdict) segments[segments.length - 1] = { ...last, to };
    else segments.push({ from, to, verdict });
  });
  return segments;
}

/** The fewest prefixes that are exactly the segment, ascending. */
function prefixesOf(protocol: number, { from, to, verdict }: Segment): TableEntry[] {
  const entries: TableEntry[] = [];
  for (let port = from; port <= to;) {
    let free = port === 0 ? 16 : Math.min(16, Math.clz32(port & -port) ^ 31);
    while (port + 2 ** free - 1 > to) free--;
    entries.push({ protocol, port, bits: 16 - free, verdict });
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
