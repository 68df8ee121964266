import type { Origin } from '../model/error.js';
import type { Labels } from '../model/program.js';
import { PROTOCOLS } from '../model/port.js';
import type { CompiledPolicy } from '../policy/compiled.js';
import type { About, Direction, Rule } from '../policy/policy-set.js';
import { resolve, type End } from '../policy/tiers.js';

/** A policy or one of its rules, by the place in the program that says so. */
export interface Cause {
  readonly name: string;
  readonly origin: Origin;
  readonly description?: string;
  readonly labels?: Labels;
  /** The policy's word for logs. */
  readonly log?: string;
}

export interface Explanation {
  /** Rules that allow, and rules that deny, this peer at this port. */
  readonly allows: readonly Cause[];
  readonly denies: readonly Cause[];
  /** Policies because of which nothing else is allowed. */
  readonly isolates: readonly Cause[];
}

const NONE: Explanation = { allows: [], denies: [], isolates: [] };

/**
 * The rules behind an entry, derived from the program again: the kernel holds no rule numbers, so that
 * equal tables stay shared and moving a line changes nothing.
 */
export function explainDirection(
  compiled: CompiledPolicy,
  direction: Direction,
  policySet: number,
  peerClass: number,
  protocol: number,
  port: number,
): Explanation {
  const info = compiled.sets.get(policySet);
  if (info === undefined) return NONE;
  const terms = new Set(compiled.classTerms.get(peerClass));
  const rules = info.policies
    .flatMap((policy) => policy.rules)
    .filter((rule) => rule.direction === direction && covers(rule, terms, protocol, port));
  const speaking = speakingOf(rules, info.ends[direction].judged);
  return {
    allows: causes(speaking.filter((rule) => !rule.deny)),
    denies: causes(speaking.filter((rule) => rule.deny)),
    isolates: info.policies
      .filter((policy) => policy.isolates[direction])
      .map(({ name, origin, spec }) => causeOf(name, origin, spec)),
  };
}

/** Rules of the tier that decides; where it has an order, the ones that decide. */
function speakingOf(rules: readonly Rule[], end: End): readonly Rule[] {
  const { by } = resolve(rules, end);
  return by.some(({ rank }) => rank !== undefined)
    ? by
    : rules.filter(({ rank }) => rank === undefined);
}

function covers(rule: Rule, terms: ReadonlySet<string>, protocol: number, port: number): boolean {
  const named = rule.peers === undefined || rule.peers.some((peer) => terms.has(peer.key));
  return (
    named &&
    rule.ranges.some(
      (range) =>
        range.protocol === PROTOCOLS.ANY ||
        (range.protocol === protocol && range.from <= port && port <= range.to),
    )
  );
}

function causes(rules: readonly Rule[]): Cause[] {
  return rules.map(({ policy, origin, about }) => causeOf(policy, origin, about));
}

function causeOf(name: string, origin: Origin, { description, labels, log }: About): Cause {
  return {
    name,
    origin,
    ...(description !== undefined && { description }),
    ...(labels !== undefined && { labels }),
    ...(log !== undefined && { log: log.value }),
  };
}

/** The causes of a verdict: who denies, else who isolates, else who allows. */
export function causesOf(
  { allows, denies, isolates }: Explanation,
  reason: 'policy-denied' | 'policy-default-deny' | 'allowed',
): readonly Cause[] {
  if (reason === 'allowed') return allows;
  return reason === 'policy-denied' ? denies : isolates;
}
