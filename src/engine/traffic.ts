import { rangeText } from '../model/port.js';
import type { PolicyView } from '../policy/compiled.js';
import { listenerText } from '../model/l7-text.js';
import type { TrafficLine } from '../report/traffic.js';
import { decide, type Decision } from '../verdict/decide.js';
import { verdictDelta, type PeerGroup, type VerdictChange } from '../verdict/delta.js';
import { causesOf, explainDirection, type Cause } from '../verdict/explain.js';
import { listText, whoText, type Peer } from './labels.js';
import { labelsById, type Compiled } from './provenance.js';

/** As much of a program as verdicts are explained with. */
type Known = Pick<Compiled, 'policy'>;

interface Why {
  readonly cause: Cause | undefined;
  readonly note: string;
}

/** Connections that change alike, for one reason. */
interface Row extends Why {
  readonly from: readonly Peer[];
  readonly to: readonly Peer[];
  readonly what: readonly string[];
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
  const peersOf = ({ prefixes, identities }: PeerGroup): Peer[] => [
    ...(prefixes ?? identities.flatMap((id): readonly Peer[] => prefixesOf.get(id) ?? [id])),
  ];
  const everybody = peersOf({
    identities: [...after.policy.classes.keys()],
    local: [false, false],
  });
  const rows = verdictDelta(before, after.policy).map((change): Row => ({
    from: peersOf(change.from),
    to: peersOf(change.to),
    what: [rangeText(change.ports)],
    change: change.filter !== undefined ? 'change' : change.allowed ? 'allow' : 'deny',
    ...whyOf(change, applied, after),
  }));
  return merge(merge(merge(rows, 'what'), 'from'), 'to').map(
    ({ from, to, what, change, cause, note }) => ({
      change,
      from: whoText(from, labels, everybody),
      to: whoText(to, labels, everybody),
      what: whatText(what),
      ...(cause === undefined ? {} : { origin: cause.origin }),
      ...(note === '' ? {} : { note }),
    }),
  );
}

/** `any` among others is all that these do not name. */
function whatText(what: readonly string[]): string {
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
    const all: (string | number)[] = [...(known?.[column] ?? []), ...row[column]];
    const values = [...new Set(all)];
    if (column !== 'what') values.sort(byPeer);
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

function whyOf(change: VerdictChange, applied: Known | undefined, after: Known): Why {
  if (!change.allowed) return lossOf(change, applied, after);
  const why = reasonFor(change, after);
  const now = filterText(change, after);
  if (change.filter === undefined) return now === '' ? why : { ...why, note: `only ${now}` };
  if (change.filter === 'freed') return { ...why, note: 'no longer filtered' };
  const was = applied === undefined ? '' : filterText(change, applied);
  const note = `now only ${now}${was === '' ? '' : `, before ${was}`}`;
  return { ...why, note };
}

/** What rules of layer 7 let through; empty where none is asked. */
function filterText(change: VerdictChange, known: Known): string {
  const { egress, ingress } = decisionOn(change, known);
  const texts = [egress, ingress].flatMap((verdict) => {
    const listener = known.policy.listeners.get(verdict?.entry?.listener ?? 0);
    return listener === undefined ? [] : [listenerText(listener)];
  });
  return texts.join(', and of that ');
}

function reasonFor(change: VerdictChange, after: Known): Why {
  const decision = decisionOn(change, after);
  if (decision.byLocalhost === true) return { cause: undefined, note: 'allowLocalhost' };
  const [cause] = causes(decision, change, after, 'allowed');
  return { cause, note: cause === undefined ? 'no policy isolates them' : '' };
}

/** The rule that denies now; else the one that no longer allows; else the policy that isolates. */
function lossOf(change: VerdictChange, applied: Known | undefined, after: Known): Why {
  const decision = decisionOn(change, after);
  const [denier] = causes(decision, change, after, 'policy-denied');
  if (denier !== undefined) return { cause: denier, note: 'denies it' };
  const [lost] =
    applied === undefined ? [] : causes(decisionOn(change, applied), change, applied, 'allowed');
  if (lost !== undefined) return { cause: lost, note: 'no longer allows it' };
  const [isolating] = causes(decision, change, after, 'policy-default-deny');
  return { cause: isolating, note: isolating === undefined ? '' : 'does not allow it' };
}

function decisionOn({ from, to, ports }: VerdictChange, { policy }: Known): Decision {
  const side = (group: PeerGroup) => {
    const [identity = 0] = group.identities;
    return { identity, isLocal: policy.policySets.has(identity) };
  };
  return decide(policy, side(from), side(to), ports.protocol, ports.from);
}

function causes(
  { egress, ingress }: Decision,
  { ports }: VerdictChange,
  { policy }: Known,
  which: 'allowed' | 'policy-denied' | 'policy-default-deny',
): readonly Cause[] {
  return [ingress, egress].flatMap((verdict) => {
    if (verdict?.class === undefined) return [];
    if (which !== 'allowed' && verdict.reason !== which) return [];
    const { direction, policySet, class: peer } = verdict;
    const why = explainDirection(policy, direction, policySet, peer, ports.protocol, ports.from);
    return causesOf(why, which);
  });
}
