import type { Origin } from '../model/error.js';
import type { Direction, Reason } from '../state/layout.js';
import type { MetricFamily, Sample } from './openmetrics.js';
import { originText } from './origin.js';

/** Packets and bytes since the counters' map was made, for each reason. */
export interface ReasonCount {
  readonly reason: Reason | 'unknown';
  readonly direction: Direction;
  /** `audited`: let through, though policies deny it. */
  readonly verdict: 'allowed' | 'denied' | 'audited' | 'redirected';
  readonly packets: number;
  readonly bytes: number;
}

/** What a rule was met by. Only packets that were judged count, not those of flows that are known. */
export interface RuleCount {
  readonly policy: string;
  readonly origin: Origin;
  readonly direction: Direction;
  /** `isolate`: the policy as such, which denies what no rule allows. */
  readonly effect: 'allow' | 'deny' | 'isolate';
  readonly packets: number;
  readonly bytes: number;
}

export interface MapCount {
  readonly map: string;
  readonly entries: number;
  readonly capacity: number;
}

/** Entries of conntrack, and what became of those that are no longer there. */
export interface ConntrackCount {
  readonly entries: number;
  /** Those whose time is not over. */
  readonly live: number;
  readonly capacity: number;
  readonly opened: number;
  /** Because a change of policy denied the flow. */
  readonly removed: number;
  /** To make room: opened, less removed, less present. */
  readonly evicted: number;
}

/** All that a node counts. Counters begin when their map is made, and survive restarts and upgrades. */
export interface Metrics {
  readonly version: 1;
  readonly instance: string;
  /** Changes of the node's policy so far; and which of the two buffers of heads is read. */
  readonly generation: number;
  readonly activeBuffer: 0 | 1;
  /** Of the datapath that runs: first 16 hex digits of its object's SHA-256, for each program. */
  readonly programs: readonly { readonly name: string; readonly object: string }[];
  readonly packets: readonly ReasonCount[];
  /** Whether rules are those of the program that is applied; without one there are none. */
  readonly hasProgram: boolean;
  readonly rules: readonly RuleCount[];
  /** Judged by policies that the applied program does not make: of an earlier program, mostly. */
  readonly otherPolicies: { readonly packets: number; readonly bytes: number };
  readonly maps: readonly MapCount[];
  readonly conntrack: ConntrackCount;
  readonly eventsLost: number;
  readonly packetsUncounted: number;
}

/** Rules that allow or deny, and that no packet met since the counters began. */
export function unusedRules({ rules }: Pick<Metrics, 'rules'>): readonly RuleCount[] {
  return rules.filter(({ effect, packets }) => effect !== 'isolate' && packets === 0);
}

/** One line a rule. */
export function renderUnused(metrics: Metrics): string {
  const unused = unusedRules(metrics);
  if (!metrics.hasProgram) return 'no program is recorded here: its rules are not known';
  if (unused.length === 0) return 'every rule was met by a packet';
  return unused
    .map(
      ({ policy, origin, direction, effect }) =>
        `${direction.padEnd(7)}  ${effect.padEnd(5)}  ${policy} (${originText(origin)})`,
    )
    .join('\n');
}

export function metricFamilies(metrics: Metrics): MetricFamily[] {
  const { packets, rules, otherPolicies, maps, conntrack, programs, instance } = metrics;
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  const counter = (name: string, help: string, samples: readonly Sample[]): MetricFamily => {
    const unit = name.endsWith('_bytes') ? ({ unit: 'bytes' } as const) : {};
    return { name, type: 'counter', ...unit, help, samples };
  };
  const gauge = (name: string, help: string, samples: readonly Sample[]): MetricFamily => ({
    ...{ name, type: 'gauge', help, samples },
  });
  const byReason = (value: 'packets' | 'bytes'): Sample[] =>
    packets.map((row) => ({ labels: reasonLabels(row), value: row[value] }));
  const byRule = (value: 'packets' | 'bytes'): Sample[] =>
    rules.map((row) => ({ labels: ruleLabels(row), value: row[value] }));
  const byMap = (value: 'entries' | 'capacity'): Sample[] =>
    maps.map((row) => ({ labels: { map: row.map }, value: row[value] }));
  return [
    {
      ...{
        name: 'plumb_datapath',
        type: 'info',
        help: 'Programs that are loaded, by their build.',
      },
      samples: programs.map(({ name, object }) => ({
        labels: { instance_name: instance, program: name, object },
        value: 1,
      })),
    },
    gauge('plumb_policy_generation', 'Changes so far.', one(metrics.generation)),
    gauge('plumb_policy_buffer', 'Active buffer of heads.', one(metrics.activeBuffer)),
    gauge('plumb_program_known', '1 if rules can be named.', one(metrics.hasProgram ? 1 : 0)),
    counter('plumb_packets', 'Packets by what became of them.', byReason('packets')),
    counter('plumb_traffic_bytes', 'Bytes by what became of them.', byReason('bytes')),
    counter('plumb_rule_packets', 'Judged packets that met a rule.', byRule('packets')),
    counter('plumb_rule_traffic_bytes', 'Bytes of those packets.', byRule('bytes')),
    counter(
      'plumb_other_policy_packets',
      'Packets judged by policies that the applied program does not make.',
      one(otherPolicies.packets),
    ),
    gauge('plumb_map_entries', 'Entries of a BPF map.', byMap('entries')),
    gauge('plumb_map_capacity', 'Most entries of a BPF map.', byMap('capacity')),
    gauge('plumb_conntrack_live', 'Flows whose time is not over.', one(conntrack.live)),
    counter('plumb_conntrack_opened', 'Flows that got an entry.', one(conntrack.opened)),
    counter('plumb_conntrack_removed', 'Flows denied by a change.', one(conntrack.removed)),
    counter('plumb_conntrack_evicted', 'Entries that made room.', one(conntrack.evicted)),
    counter('plumb_events_lost', 'Events that found the buffer full.', one(metrics.eventsLost)),
    counter(
      'plumb_packets_uncounted',
      'Packets that found the metrics map full.',
      one(metrics.packetsUncounted),
    ),
  ];
}

function reasonLabels({ reason, direction, verdict }: ReasonCount): Sample['labels'] {
  return { reason, direction, verdict };
}

function ruleLabels({ policy, origin, direction, effect }: RuleCount): Sample['labels'] {
  const { path, file = '' } = origin;
  const [line = '', column = ''] = [origin.line, origin.column].map((n) => n?.toString());
  return { policy, path, file, line, column, direction, effect };
}
