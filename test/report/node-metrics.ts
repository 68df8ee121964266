import type { Metrics, RuleCount } from '../../src/report/metrics.js';

export const rule = (line: number, change: Partial<RuleCount> = {}): RuleCount => ({
  policy: 'rule1',
  origin: { path: 'rule1', file: 'plumb.ts', line, column: 3 },
  direction: 'ingress',
  effect: 'allow',
  packets: 7,
  bytes: 700,
  ...change,
});

export const nodeMetrics: Metrics = {
  version: 1,
  instance: 'hoth',
  generation: 3,
  activeBuffer: 1,
  programs: [{ name: 'from_endpoint', object: '0123456789abcdef' }],
  packets: [
    ...[{ reason: 'forwarded', direction: 'ingress', verdict: 'allowed' } as const].map((row) => ({
      ...row,
      packets: 9_007_199_254_740_991,
      bytes: 12,
    })),
    { reason: 'spoofed-source', direction: 'egress', verdict: 'denied', packets: 1, bytes: 54 },
  ],
  hasProgram: true,
  rules: [
    rule(30),
    rule(31, { packets: 0, bytes: 0 }),
    rule(26, { effect: 'isolate', packets: 0 }),
  ],
  otherPolicies: { packets: 2, bytes: 108 },
  maps: [{ map: 'plumb_tables', entries: 5, capacity: 262_144 }],
  conntrack: { entries: 4, live: 2, capacity: 524_288, opened: 9, removed: 1, evicted: 4 },
  eventsLost: 11,
  packetsUncounted: 0,
};
