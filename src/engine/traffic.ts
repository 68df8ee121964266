import { rangeText } from '../model/port.js';
import type { PolicyView } from '../policy/compiled.js';
import type { TrafficLine } from '../report/traffic.js';
import { decide } from '../verdict/decide.js';
import { verdictDelta, type PeerGroup, type VerdictChange } from '../verdict/delta.js';
import { causesOf, explainDirection, type Cause } from '../verdict/explain.js';
import { identityText, listText } from './labels.js';
import { labelsById, type Compiled } from './provenance.js';

interface Row {
  readonly from: string;
  readonly to: string;
  readonly what: string;
  readonly allowed: boolean;
  readonly cause: Cause | undefined;
  readonly note: string;
}

/**
 * What a change of policy means for traffic, in lines for people. `before` is what the kernel holds;
 * `applied`, if known, the program that made it, for the lines that no longer allow something.
 */
export function trafficLines(
  before: PolicyView | null,
  applied: Compiled | undefined,
  after: Compiled,
): TrafficLine[] {
  const labels = new Map([
    ...(applied === undefined ? [] : labelsById(applied)),
    ...labelsById(after),
  ]);
  const text = ({ identities }: PeerGroup): string =>
    listText(identities.map((id) => identityText(id, labels.get(id))));
  const rows = verdictDelta(before, after.policy).map((change): Row => {
    const why = change.allowed ? reasonFor(change, after) : lossOf(change, applied, after);
    return {
      from: text(change.from),
      to: text(change.to),
      what: rangeText(change.ports),
      allowed: change.allowed,
      ...why,
    };
  });
  const byPorts = merge(rows, (row) => [row.from, row.to, row.allowed, row.note], 'what');
  const bySource = merge(byPorts, (row) => [row.to, row.what, row.allowed, row.note], 'from');
  return merge(bySource, (row) => [row.from, row.what, row.allowed, row.note], 'to').map(
    ({ from, to, what, allowed, cause, note }) => ({
      change: allowed ? 'allow' : 'deny',
      from,
      to,
      what,
      ...(cause === undefined ? {} : { origin: cause.origin }),
      ...(note === '' ? {} : { note }),
    }),
  );
}

/** Rows that are alike but for one column become one, with the texts of that column listed. */
function merge(
  rows: readonly Row[],
  alike: (row: Row) => readonly unknown[],
  column: 'from' | 'to' | 'what',
): Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([...alike(row), row.cause]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()].map((group) => {
    const texts = [...new Set(group.map((row) => row[column]))];
    return { ...(group[0] as Row), [column]: listText(texts) };
  });
}

function reasonFor(change: VerdictChange, after: Compiled): Pick<Row, 'cause' | 'note'> {
  const cause = causes(change, after, 'allowed')[0];
  return cause === undefined ? { cause, note: 'no policy denies it' } : { cause, note: '' };
}

/** The rule that denies now; else the one that no longer allows; else the policy that isolates. */
function lossOf(
  change: VerdictChange,
  applied: Compiled | undefined,
  after: Compiled,
): Pick<Row, 'cause' | 'note'> {
  const [denier] = causes(change, after, 'policy-denied');
  if (denier !== undefined) return { cause: denier, note: 'denies it' };
  const [lost] = applied === undefined ? [] : causes(change, applied, 'allowed');
  if (lost !== undefined) return { cause: lost, note: 'no longer allows it' };
  const [isolating] = causes(change, after, 'policy-default-deny');
  return { cause: isolating, note: isolating === undefined ? '' : 'does not allow it' };
}

function causes(
  { from, to, ports }: VerdictChange,
  { policy }: Compiled,
  which: 'allowed' | 'policy-denied' | 'policy-default-deny',
): readonly Cause[] {
  const side = (group: PeerGroup) => {
    const [identity = 0] = group.identities;
    return { identity, isLocal: policy.policySets.has(identity) };
  };
  const { egress, ingress } = decide(policy, side(from), side(to), ports.protocol, ports.from);
  return [ingress, egress].flatMap((verdict) => {
    if (verdict?.class === undefined) return [];
    if (which !== 'allowed' && verdict.reason !== which) return [];
    const { direction, policySet, class: peer } = verdict;
    const why = explainDirection(policy, direction, policySet, peer, ports.protocol, ports.from);
    return causesOf(why, which);
  });
}
