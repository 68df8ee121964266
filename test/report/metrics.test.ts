import { describe, expect, it } from 'vitest';
import { metricFamilies, renderUnused } from '../../src/report/metrics.js';
import { renderOpenMetrics } from '../../src/report/openmetrics.js';
import { nodeMetrics as metrics, rule } from './node-metrics.js';
import { readOpenMetrics } from './openmetrics.js';

describe('metrics as text', () => {
  const samples = readOpenMetrics(renderOpenMetrics(metricFamilies(metrics)));

  it('follow the rules of OpenMetrics and have every count', () => {
    expect(Object.fromEntries(samples)).toMatchObject({
      plumb_policy_generation: 3,
      'plumb_packets_total{reason="spoofed-source",direction="egress",verdict="denied"}': 1,
      'plumb_map_entries{map="plumb_tables"}': 5,
      'plumb_map_capacity{map="plumb_tables"}': 262_144,
      plumb_conntrack_evicted_total: 4,
      plumb_conntrack_live: 2,
      plumb_events_lost_total: 11,
      plumb_other_policy_packets_total: 2,
      'plumb_datapath_info{instance_name="hoth",program="from_endpoint",object="0123456789abcdef"}': 1,
    });
  });

  it('name a rule by its policy and its line', () => {
    const labels =
      'policy="rule1",path="rule1",file="plumb.ts",line="30",column="3",direction="ingress",effect="allow"';
    expect(samples.get(`plumb_rule_packets_total{${labels}}`)).toBe(7);
    expect(samples.get(`plumb_rule_traffic_bytes_total{${labels}}`)).toBe(700);
  });

  it('write numbers out in full', () => {
    const key = 'plumb_packets_total{reason="forwarded",direction="ingress",verdict="allowed"}';
    expect(samples.get(key)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('escape what would end a label', () => {
    const odd = { ...metrics, rules: [rule(1, { policy: 'a"b\\c\nd' })] };
    const text = renderOpenMetrics(metricFamilies(odd));
    readOpenMetrics(text);
    expect(text).toContain(String.raw`policy="a\"b\\c\nd"`);
  });

  it('end where there is nothing to tell', () => {
    expect(renderOpenMetrics([])).toBe('# EOF\n');
    expect(readOpenMetrics('# EOF\n').size).toBe(0);
  });

  it.each([
    '# TYPE a counter\na 1\n# EOF\n',
    '# TYPE a counter\na_total -1\n# EOF\n',
    '# TYPE a gauge\na 1\n',
    '# TYPE a gauge\na 1\na 2\n# EOF\n',
    '# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n# EOF\n',
    '# TYPE a gauge\n# UNIT a bytes\na 1\n# EOF\n',
    '# TYPE a gauge\na{b=c} 1\n# EOF\n',
  ])('would be refused if they were %j', (text) => {
    expect(() => readOpenMetrics(text)).toThrow();
  });
});

describe('rules that no packet met', () => {
  it('are listed with their line, and isolation is no rule', () => {
    expect(renderUnused(metrics)).toBe('ingress  allow  rule1 (plumb.ts:31)');
  });

  it('are not guessed without a program', () => {
    const unknown = { ...metrics, hasProgram: false, rules: [] };
    expect(renderUnused(unknown)).toContain('no program is recorded');
    expect(renderUnused({ ...metrics, rules: [rule(30)] })).toBe('every rule was met by a packet');
  });
});
