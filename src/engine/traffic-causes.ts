import type { Origin } from '../model/error.js';
import { rulesText } from '../model/l7-text.js';
import type { FilterRules } from '../model/l7.js';
import type { PortRange } from '../model/port.js';
import type { CompiledPolicy, PolicyView } from '../policy/compiled.js';
import type { Direction } from '../policy/policy-set.js';
import type { TrafficCause, TrafficLine } from '../report/traffic.js';
import type { VerdictChange } from '../verdict/delta.js';
import { explainDirection, type Cause, type Explanation } from '../verdict/explain.js';
import { compareFilters, type RequestChange } from '../verdict/requests.js';
import type { Compiled } from './provenance.js';

/** As much of a program as verdicts are explained with; a state that was read from a file has rules of none. */
export type Known = Pick<Compiled, 'policy'> & Partial<Compiled>;

export type Why = Pick<TrafficLine, 'causes' | 'note'>;

const NOTHING: Explanation = { allows: [], denies: [], isolates: [] };

/** What is compared. */
export interface Sides {
  /** Null for a node without any policy. */
  readonly before: PolicyView | null;
  /** The program that made it, if it is known. */
  readonly applied: Known | undefined;
  readonly after: Known;
}

/**
 * Which rules make a change, in the directions whose word changed alone.
 * @param ports ports of the change that the same rules cover
 */
export function whyOf(change: VerdictChange, ports: PortRange, sides: Sides): Why {
  const { kind, directions, audited } = change;
  const { applied, after } = sides;
  const explained = directions.map((direction): Explained => {
    const now = explain(change, ports, direction, after, 1);
    if (applied === undefined) return { old: NOTHING, now };
    const old = explain(change, ports, direction, applied, 0);
    if (old.isolates.length > 0) return { old, now };
    return { old, now: { ...now, isolates: isolatingOf(change, direction, after, now) } };
  });
  switch (kind) {
    case 'opened':
      return openedBy(change, explained, after);
    case 'closed': {
      const causes = explained.flatMap(closedBy);
      return why(causes, audited[0] ? ['before only audited'] : []);
    }
    case 'audited':
      return why(
        explained.flatMap(({ now }) => wouldDeny(now)),
        ['only audited'],
      );
    case 'enforced':
      return why(
        explained.flatMap(({ now }) => plainly(now.allows)),
        ['no longer only audited'],
      );
    case 'freed':
      return why(
        explained.flatMap(({ now }) => plainly(now.allows)),
        ['no longer filtered'],
      );
    case 'filtered': {
      const only = filterText(change.filters[1], after.policy);
      return why(
        explained.flatMap(({ now }) => plainly(now.allows)),
        [`now only ${only}`],
      );
    }
    case 'refiltered':
      return refilteredBy(change, sides);
  }
}

interface Explained {
  readonly old: Explanation;
  readonly now: Explanation;
}

function openedBy(
  { directions, filters, audited }: VerdictChange,
  explained: readonly Explained[],
  after: Known,
): Why {
  if (directions.length === 0) return { note: 'allowLocalhost' };
  const only = filterText(filters[1], after.policy);
  const causes = explained.flatMap(audited[1] ? auditedOpening : opening);
  // Of a state without a program it is not known whether a policy is there.
  const isFree = causes.length === 0 && after.policy.sets.size > 0;
  return why(causes, [
    ...(audited[1] ? ['only audited'] : isFree ? ['no policy isolates them'] : []),
    ...(only === '' ? [] : [`only ${only}`]),
  ]);
}

/** The rule that allows now; else the one that no longer denies; else the policy that no longer isolates. */
function opening({ old, now }: Explained): TrafficCause[] {
  const wasAllowedBut = old.denies.length > 0 && old.allows.length > 0;
  if (now.allows.length > 0 && !wasAllowedBut) return plainly(now.allows);
  if (old.denies.length > 0) return gone(old.denies, 'no longer denies it');
  return now.isolates.length > 0 ? [] : gone(old.isolates, 'no longer isolates');
}

function auditedOpening({ now, old }: Explained): TrafficCause[] {
  const denying = wouldDeny(now);
  return denying.length > 0 ? denying : opening({ now, old });
}

function wouldDeny({ denies, isolates }: Explanation): TrafficCause[] {
  return denies.length > 0 ? does(denies, 'would deny it') : does(isolates, 'would not allow it');
}

/** The rule that denies now; else the one that no longer allows; else the policy that isolates. */
function closedBy({ old, now }: Explained): TrafficCause[] {
  if (now.denies.length > 0) return does(now.denies, 'denies it');
  const wasIsolated = old.isolates.length > 0 || now.isolates.length === 0;
  if (old.allows.length > 0 && wasIsolated) return gone(old.allows, 'no longer allows it');
  return does(now.isolates, 'does not allow it');
}

/** The rules by which requests open or close, where both sides filter. */
function refilteredBy({ directions, filters }: VerdictChange, known: Sides): Why {
  const { before, applied, after } = known;
  const whys = directions.map((direction): Why => {
    const of = (ids: readonly number[], policy: PolicyView | undefined) =>
      ids.map((id) => policy?.listeners?.get(id)).find((filter) => filter?.direction === direction);
    // The program knows lines; the kernel at least the rules.
    const was = of(filters[0], applied?.policy) ?? of(filters[0], before ?? undefined);
    const is = of(filters[1], after.policy);
    if (was === undefined || is === undefined) {
      return why([], [is === undefined ? 'no longer filtered' : `now only ${textOf(is)}`]);
    }
    const { opens, closes } = compareFilters(was, is);
    const [opening, closing] = [saying(is, opens, 'opens'), saying(was, closes, 'closes')];
    const gone = closing.causes.map((cause) => ({ ...cause, isGone: true as const }));
    return why([...opening.causes, ...gone], [...opening.notes, ...closing.notes]);
  });
  return why(
    whys.flatMap(({ causes = [] }) => causes),
    whys.flatMap(({ note }) => note ?? []),
  );
}

/** What the rules of each line do; of rules whose lines nobody knows, as notes. */
function saying(filter: FilterRules, rules: RequestChange['opens'], does: string) {
  const byPlace = new Map<string, { origin: Origin | undefined; rules: object[] }>();
  for (const { rule, origins } of rules) {
    for (const origin of origins.length === 0 ? [undefined] : origins) {
      const key = JSON.stringify(origin ?? null);
      const known = byPlace.get(key) ?? { origin, rules: [] };
      known.rules.push(rule);
      byPlace.set(key, known);
    }
  }
  const said = [...byPlace.values()].map((one) => ({
    origin: one.origin,
    does: `${does} ${rulesText(nameOf(filter), filter.protocol, one.rules)}`,
  }));
  return {
    causes: said.flatMap(({ origin, does: what }): TrafficCause[] =>
      origin === undefined ? [] : [{ origin, does: what }],
    ),
    notes: said.flatMap(({ origin, does: what }) => (origin === undefined ? [what] : [])),
  };
}

/** What the filters of a connection let through; empty where none is asked. */
function filterText(ids: readonly number[], { listeners }: CompiledPolicy): string {
  const known = ids.flatMap((id) => listeners.get(id) ?? []);
  return known.map(textOf).join(', and of that ');
}

function textOf(filter: FilterRules): string {
  const rules = filter.rules.map(({ rule }) => rule);
  return rulesText(nameOf(filter), filter.protocol, rules);
}

function nameOf({ plugin, protocol }: FilterRules): string {
  return plugin ?? protocol;
}

function plainly(causes: readonly Cause[]): TrafficCause[] {
  return causes.map(({ origin }) => ({ origin }));
}

function does(causes: readonly Cause[], what: string): TrafficCause[] {
  return causes.map(({ origin }) => ({ origin, does: what }));
}

function gone(causes: readonly Cause[], what: string): TrafficCause[] {
  return causes.map(({ origin }) => ({ origin, does: what, isGone: true }));
}

/** Each cause once. */
function why(causes: readonly TrafficCause[], notes: readonly string[]): Why {
  const distinct = new Map(causes.map((cause) => [JSON.stringify(cause), cause]));
  return {
    ...(distinct.size === 0 ? {} : { causes: [...distinct.values()] }),
    ...(notes.length === 0 ? {} : { note: [...new Set(notes)].join('; ') }),
  };
}

/**
 * Policies that isolate in a direction. Where they did not before, the first rule is named that makes
 * them: the policy as such may be an old one.
 */
function isolatingOf(
  change: VerdictChange,
  direction: Direction,
  { policy }: Known,
  { isolates }: Explanation,
): readonly Cause[] {
  const subject = direction === 'egress' ? change.from : change.to;
  const policies = policy.sets.get(subject.seats[1].policySet)?.policies ?? [];
  return isolates.map((cause) => {
    const own = policies.find(({ name, origin }) => name === cause.name && origin === cause.origin);
    const first = own?.rules.find((rule) => rule.direction === direction);
    return first === undefined ? cause : { ...cause, origin: first.origin };
  });
}

function explain(
  { from, to }: VerdictChange,
  { protocol, from: port }: PortRange,
  direction: Direction,
  { policy }: Known,
  time: 0 | 1,
): Explanation {
  const [subject, peer] = direction === 'egress' ? [from, to] : [to, from];
  const { policySet } = subject.seats[time];
  const { class: peerClass } = peer.seats[time];
  if (peerClass === undefined) return NOTHING;
  return explainDirection(policy, direction, policySet, peerClass, protocol, port);
}
