import type { Metric } from '../kernel/metrics.js';
import type { ReasonCount, RuleCount } from '../report/metrics.js';
import type { Direction } from '../state/layout.js';
import { causesOf, explainDirection, type Cause } from '../verdict/explain.js';
import type { Compiled } from './provenance.js';

type Count = { packets: number; bytes: number };
type Effect = RuleCount['effect'];

export interface RuleUse {
  /** Every rule in force on the node, also those that nothing met. */
  readonly rules: readonly RuleCount[];
  readonly otherPolicies: Count;
}

/**
 * Which rules the counted packets met. A row counts for each of the rules that say the same of it, so
 * that sums over rules may be more than the packets there were.
 */
export function ruleUse(metrics: readonly Metric[], { policy }: Pick<Compiled, 'policy'>): RuleUse {
  const table = new RuleTable();
  for (const { policies } of policy.sets.values()) {
    for (const { rules, isolates, name, origin } of policies) {
      for (const { policy: of, origin: at, direction, deny } of rules) {
        table.row({ name: of, origin: at }, direction, deny ? 'deny' : 'allow');
      }
      for (const direction of ['ingress', 'egress'] as const) {
        if (isolates[direction]) table.row({ name, origin }, direction, 'isolate');
      }
    }
  }
  // Policy sets with one version have the same rules.
  const setOf = new Map([...policy.heads].map(([set, version]) => [version, set]));
  const otherPolicies: Count = { packets: 0, bytes: 0 };
  for (const metric of metrics) {
    const { version, direction, reason, protocol, port } = metric;
    // Rows of versions that are gone are folded: a class, but no version.
    if (version === 0 && metric.class === 0) continue;
    const set = setOf.get(version);
    if (set === undefined) {
      if (metric.verdict !== 'none') add(otherPolicies, metric);
      continue;
    }
    const effect = effectOf(reason);
    if (effect === undefined) continue;
    const why = explainDirection(policy, direction, set, metric.class, protocol, port);
    const causes = causesOf(why, CAUSE[effect]);
    for (const row of new Set(causes.map((cause) => table.row(cause, direction, effect)))) {
      add(row, metric);
    }
  }
  return { rules: table.rows(), otherPolicies };
}

const CAUSE = {
  allow: 'allowed',
  deny: 'policy-denied',
  isolate: 'policy-default-deny',
} as const;

function effectOf(reason: Metric['reason']): Effect | undefined {
  if (reason === 'forwarded') return 'allow';
  if (reason === 'policy-denied') return 'deny';
  return reason === 'policy-default-deny' ? 'isolate' : undefined;
}

/** Totals by what became of packets, each packet once. */
export function byReason(metrics: readonly Metric[]): ReasonCount[] {
  const rows = new Map<string, ReasonCount & Count>();
  for (const metric of metrics) {
    const { reason, direction } = metric;
    // What the other side said of a packet that another row counts.
    if (metric.verdict === 'none') continue;
    const verdict = verdictOf(metric);
    const key = `${direction} ${verdict} ${reason}`;
    const row = rows.get(key) ?? { reason, direction, verdict, packets: 0, bytes: 0 };
    rows.set(key, row);
    add(row, metric);
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

function verdictOf({ verdict, reason }: Metric): ReasonCount['verdict'] {
  if (verdict === 'redirect') return 'redirected';
  if (verdict !== 'allow') return 'denied';
  return reason === 'forwarded' ? 'allowed' : 'audited';
}

/** Exact up to 2^53 packets or bytes. */
function add(count: Count, { packets, bytes }: Metric): void {
  count.packets += Number(packets);
  count.bytes += Number(bytes);
}

class RuleTable {
  readonly #rows = new Map<string, RuleCount & Count>();

  row({ name, origin }: Cause, direction: Direction, effect: Effect): RuleCount & Count {
    const { path, file, line, column } = origin;
    const key = JSON.stringify([name, path, file, line, column, direction, effect]);
    const row = this.#rows.get(key) ?? {
      ...{ policy: name, origin, direction, effect, packets: 0, bytes: 0 },
    };
    this.#rows.set(key, row);
    return row;
  }

  rows(): RuleCount[] {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }
}
