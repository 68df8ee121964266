import { LAST_PORT, PROTOCOLS, type PortRange } from '../model/port.js';
import type { Direction, Rule } from '../policy/policy-set.js';
import type { VerdictChange } from '../verdict/delta.js';
import type { Known, Sides } from './traffic-causes.js';

/** The ports of a change, split where a rule that may be behind it begins or ends. */
export function partsOf(change: VerdictChange, { applied, after }: Sides): PortRange[] {
  const { ports, directions } = change;
  const { protocol, from, to } = ports;
  if (protocol === PROTOCOLS.ANY || from === to) return [ports];
  const starts = new Set([from]);
  const split = (known: Known | undefined, time: 0 | 1): void => {
    for (const direction of directions) {
      for (const { ranges } of rulesAt(change, known, direction, time)) {
        for (const range of ranges) {
          if (range.protocol !== protocol) continue;
          for (const edge of [range.from, range.to + 1]) {
            if (edge > from && edge <= to) starts.add(edge);
          }
        }
      }
    }
  };
  split(applied, 0);
  split(after, 1);
  const edges = [...starts].sort((a, b) => a - b);
  return edges.map((start, i) => ({ protocol, from: start, to: (edges[i + 1] ?? to + 1) - 1 }));
}

/** Rules of one direction that speak of the change's subject and its peer. */
function rulesAt(
  { from, to }: VerdictChange,
  known: Known | undefined,
  direction: Direction,
  time: 0 | 1,
): Rule[] {
  const [subject, peer] = direction === 'egress' ? [from, to] : [to, from];
  const { policySet } = subject.seats[time];
  const terms = new Set(known?.policy.classTerms.get(peer.seats[time].class ?? 0));
  const policies = known?.policy.sets.get(policySet)?.policies ?? [];
  return policies
    .flatMap(({ rules }) => rules)
    .filter(
      (rule) =>
        rule.direction === direction && (rule.peers?.some(({ key }) => terms.has(key)) ?? true),
    );
}

/** The same ports in as few ranges as can be, by protocol; every protocol goes first. */
export function joined(ranges: readonly PortRange[]): PortRange[] {
  const sorted = [...ranges].sort((a, b) => a.protocol - b.protocol || a.from - b.from);
  const all: PortRange[] = [];
  for (const range of sorted) {
    const last = all.at(-1);
    if (last?.protocol === range.protocol && range.from <= last.to + 1) {
      all[all.length - 1] = { ...last, to: Math.max(last.to, range.to) };
    } else all.push(range);
  }
  if (all[0]?.protocol !== PROTOCOLS.ANY) return all;
  return all.filter(
    ({ protocol, from, to }) => protocol === PROTOCOLS.ANY || from > 0 || to < LAST_PORT,
  );
}
