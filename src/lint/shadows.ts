import { lint, type Lint } from '../model/lint.js';
import type { CompiledPolicy } from '../policy/compiled.js';
import { DIRECTIONS, type Rule } from '../policy/policy-set.js';
import type { Ends, TableVerdict } from '../policy/table.js';
import { resolve } from '../policy/tiers.js';
import type { LintInput } from './input.js';
import { originKey } from './origin-key.js';
import { peersApart } from './peers-apart.js';
import { TrialTables, touches, verdictsOn } from './trial-tables.js';

/** Rules that meet: they hold for the same peers of one policy set, in one direction. */
interface Meeting {
  readonly rules: ReadonlySet<Rule>;
  readonly ends: Ends;
}

/** A rule as it was written; the compiler may have taken it apart. */
interface Written {
  readonly rules: readonly Rule[];
  readonly meetings: readonly Meeting[];
}

/**
 * Rules that change no verdict on this node: the tables that the compiler makes are the same without them.
 * Exact over all peers, ports, tiers and requests; of rules that are alike the first counts. Where hundreds of
 * rules meet, not all are tried.
 */
export function lintShadows({ policy }: LintInput): Lint[] {
  const tables = new TrialTables();
  const gone = new Set<Rule>();
  const lints: Lint[] = [];
  // From the end, so that of two that are alike the later one goes.
  for (const written of writtenRules(policy).reverse()) {
    const without = new Set([...gone, ...written.rules]);
    const isIdle = written.meetings.every(({ rules, ends }) =>
      tables.areSame(left(rules, gone), left(rules, without), ends),
    );
    if (!isIdle) continue;
    for (const rule of written.rules) gone.add(rule);
    lints.push(describe(written, without, tables));
  }
  return lints.reverse();
}

function left(rules: ReadonlySet<Rule>, gone: ReadonlySet<Rule>): Rule[] {
  return [...rules].filter((rule) => !gone.has(rule));
}

/** Those that meet anybody, in the order of the program. */
function writtenRules(policy: CompiledPolicy): Written[] {
  const all = new Map<string, { rules: Set<Rule>; meetings: Set<Meeting> }>();
  for (const { policies, ends } of policy.sets.values()) {
    for (const direction of DIRECTIONS) {
      const rules = policies
        .flatMap((one) => one.rules)
        .filter((rule) => rule.direction === direction);
      for (const together of peersApart(rules, policy.classTerms)) {
        const meeting = { rules: together, ends: ends[direction] };
        for (const rule of together) {
          const key = `${originKey(rule.origin)} ${direction} ${String(rule.deny)}`;
          const known = all.get(key) ?? { rules: new Set(), meetings: new Set() };
          known.rules.add(rule);
          known.meetings.add(meeting);
          all.set(key, known);
        }
      }
    }
  }
  return [...all.values()].map(({ rules, meetings }) => ({
    rules: [...rules],
    meetings: [...meetings],
  }));
}

const PASSES: readonly TableVerdict[] = ['allow', 'redirect'];

function describe(
  { rules, meetings }: Written,
  gone: ReadonlySet<Rule>,
  tables: TrialTables,
): Lint {
  const [rule] = rules as [Rule, ...Rule[]];
  const verdicts = meetings.flatMap((meeting) => {
    const entries = tables.of(left(meeting.rules, gone), meeting.ends);
    const own = rules.filter((one) => meeting.rules.has(one));
    return own.flatMap(({ ranges }) => ranges.flatMap((range) => verdictsOn(entries, range)));
  });
  const isOverruled = verdicts.every((verdict) => PASSES.includes(verdict) === rule.deny);
  const [does, did] = rule.deny ? ['denies', 'allows'] : ['allows', 'denies'];
  const other = otherOf(rule, meetings, gone);
  if (rule.rank?.pass !== true && isOverruled) {
    return lint(
      'PLL_UNREACHABLE',
      `a rule of policy ${rule.policy} ${does} nothing: ${other} ${did} all of it`,
      rule.origin,
      `Remove the rule, or narrow what ${did}.`,
    );
  }
  return lint(
    'PLL_SHADOWED',
    rule.rank?.pass === true
      ? `a rule of policy ${rule.policy} leaves its tier for nothing: ${other} says the same without it`
      : `a rule of policy ${rule.policy} ${does} nothing new: ${other} ${does} it already`,
    rule.origin,
    'Remove the rule, or narrow the other one.',
  );
}

/** Who decides in the rule's place. */
function otherOf(rule: Rule, meetings: readonly Meeting[], gone: ReadonlySet<Rule>): string {
  for (const { rules, ends } of meetings) {
    if (!rules.has(rule)) continue;
    const others = left(rules, gone).filter(({ ranges }) =>
      ranges.some((range) => touches(range, rule.ranges)),
    );
    const [by] = resolve(others, ends.judged).by;
    if (by === undefined) continue;
    const { file, line } = by.origin;
    return line === undefined ? by.policy : `${by.policy} (${file ?? ''}:${String(line)})`;
  }
  return 'what holds where no rule speaks';
}
