import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import Monitor from '../../src/cli/commands/monitor.js';
import { metricFamilies } from '../../src/report/metrics.js';
import { REASONS } from '../../src/state/layout.js';
import { PROGRAM } from '../../src/state/layout-reports.js';
import { packetEvent } from '../report/events.js';
import { nodeMetrics } from '../report/node-metrics.js';

const text = readFileSync(join(import.meta.dirname, '../../docs/observability.md'), 'utf8');
const named = new Set([...text.matchAll(/`(?:--)?([\w-]+)(?:[ `])/g)].map((m) => m[1]!));

describe('docs/observability.md', () => {
  test('has every metric, and no other', () => {
    const suffix = { counter: '_total', gauge: '', info: '_info' };
    const names = metricFamilies(nodeMetrics).map(({ name, type }) => name + suffix[type]);
    const inText = new Set(text.match(/\bplumb_\w+/g));
    const maps = [...inText].filter((name) =>
      /^plumb_(conntrack|affinity|fragments|metrics)$/.test(name),
    );
    expect([...inText].filter((name) => !maps.includes(name)).sort()).toEqual([...names].sort());
  });

  test('has every field of an event', () => {
    const fields = Object.keys(packetEvent({ bytes: '', icmp: { type: 8, code: 0 } }));
    expect(fields.filter((field) => !named.has(field) && field !== 'version')).toEqual([]);
  });

  test('has every flag of the monitor', () => {
    expect(Object.keys(Monitor.flags).filter((flag) => !text.includes(`--${flag}`))).toEqual([]);
  });

  test('names programs and reasons that there are', () => {
    for (const program of Object.keys(PROGRAM)) expect(named).toContain(program);
    const alerts = [...text.matchAll(/reason=~?"([^"]+)"/g)].flatMap((m) => m[1]!.split('\\|'));
    expect(alerts.length).toBeGreaterThan(4);
    expect(alerts.filter((reason) => !Object.hasOwn(REASONS, reason))).toEqual([]);
  });
});
