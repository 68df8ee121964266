import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Metrics } from '../../src/report/metrics.js';
import { readOpenMetrics, type Samples } from '../report/openmetrics.js';
import { TrafficAgent } from '../traffic/agent.js';
import { TestNode } from './node.js';
import { ProgramCopy } from './program.js';

/** Two rules on ports 80 and 443, of which only the first is met; and what tie fighters may send. */
describe.sequential('plumb metrics beside real traffic', () => {
  let node: TestNode;
  let program: ProgramCopy;
  const agents = new Map<string, TrafficAgent>();
  const agent = (name: string): TrafficAgent => agents.get(name)!;

  beforeAll(async () => {
    program = new ProgramCopy();
    program.replace(
      '  ingress: [\n',
      "  ingress: [\n    { fromEndpoints: [{ matchLabels: { org: 'empire' } }], toPorts: [{ ports: [{ port: '443' }] }] },\n",
    );
    program.append(
      "new NetworkPolicy(app, 'leave', { endpointSelector: { matchLabels: { class: 'tiefighter' } }, egress: [{ toEndpoints: [{ matchLabels: { class: 'deathstar' } }] }] });",
    );
    node = new TestNode('plumb-e2e-met');
    const nothing = await node.plumb('metrics');
    expect(nothing.stderr).toContain('PLB_NOTHING_APPLIED');
    const result = await node.plumb('apply', program.path, '--yes');
    expect(result.stderr).toBe('');
    for (const name of ['xwing', 'tiefighter-1', 'deathstar-1']) {
      agents.set(name, await TrafficAgent.open(name));
    }
    await agent('deathstar-1').serve('tcp', 80, 'deathstar-1');
  });

  afterAll(async () => {
    for (const one of agents.values()) one.close();
    await node.dispose();
    program.dispose();
  });

  const line = (text: string): number =>
    program.text.split('\n').findIndex((one) => one.includes(text)) + 1;

  async function scrape(): Promise<Samples> {
    const { stdout, stderr } = await node.plumb('metrics');
    expect(stderr).toBe('');
    return readOpenMetrics(stdout);
  }

  /** The one sample of a name with all these labels. */
  function sample(samples: Samples, name: string, ...labels: readonly string[]): number {
    const found = [...samples].filter(
      ([key]) => key.startsWith(`${name}{`) && labels.every((label) => key.includes(label)),
    );
    expect(found).toHaveLength(1);
    return found[0]![1];
  }

  it('knows every rule before the first packet, and that nothing met any', async () => {
    const metrics = await node.json<Metrics>('metrics');
    expect(metrics).toMatchObject({ version: 1, hasProgram: true, eventsLost: 0 });
    expect(metrics.rules.filter(({ effect }) => effect === 'allow')).toHaveLength(3);
    expect(metrics.rules.every(({ packets }) => packets === 0)).toBe(true);
  });

  it('counts a connection for the rule of each side, and a drop for the policy that isolates', async () => {
    expect(await agent('tiefighter-1').probe('tcp', '10.1.0.11', 80)).toBeDefined();
    expect(await agent('xwing').probe('tcp', '10.1.0.11', 80)).toBeUndefined();
    const samples = await scrape();
    const rule = 'plumb_rule_packets_total';
    const leave = `line="${String(line("'leave'"))}"`;
    expect(sample(samples, rule, 'policy="leave"', leave, 'effect="allow"')).toBe(1);
    expect(sample(samples, rule, 'policy="rule1"', 'effect="isolate"')).toBeGreaterThan(0);
    const reason = 'plumb_packets_total';
    const dropped = sample(samples, reason, 'policy-default-deny', 'direction="ingress"');
    expect(dropped).toBe(sample(samples, rule, 'policy="rule1"', 'effect="isolate"'));
    expect(sample(samples, 'plumb_map_entries', 'map="plumb_conntrack"')).toBe(1);
    expect(samples.get('plumb_conntrack_opened_total')).toBe(1);
    expect(samples.get('plumb_conntrack_evicted_total')).toBe(0);
    expect(samples.get('plumb_program_known')).toBe(1);
  });

  it('lists exactly the rule that nothing met', async () => {
    const { stdout } = await node.plumb('metrics', '--unused');
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stdout).toMatch(new RegExp(`^ingress +allow +rule1 \\(.*:${String(line("'443'"))}\\)`));
  });

  it('counts what an earlier program judged apart from the rules of this one', async () => {
    program.replace("port: '80'", "port: '81'");
    const before = await scrape();
    expect((await node.plumb('apply', program.path, '--yes')).code).toBe(0);
    const after = await scrape();
    expect(after.get('plumb_other_policy_packets_total')).toBeGreaterThan(0);
    expect(before.get('plumb_other_policy_packets_total')).toBe(0);
    const generation = 'plumb_policy_generation';
    expect(after.get(generation)).toBeGreaterThan(before.get(generation)!);
    const unused = await node.plumb('metrics', '--unused');
    expect(unused.stdout.trim().split('\n')).toHaveLength(2);
  });

  it('keeps totals when the policy that they are of is gone for good', async () => {
    const before = await scrape();
    program.replace("port: '81'", "port: '82'");
    expect((await node.plumb('apply', program.path, '--yes')).code).toBe(0);
    const after = await scrape();
    const totals = (samples: Samples): [string, number][] =>
      [...samples].filter(([key]) => /^plumb_(packets|traffic_bytes)_total/.test(key));
    expect(totals(before).length).toBeGreaterThan(1);
    for (const [key, value] of totals(before)) expect(after.get(key)).toBeGreaterThanOrEqual(value);
    const other = 'plumb_other_policy_packets_total';
    expect(before.get(other)).toBeGreaterThan(0);
    expect(after.get(other)).toBe(before.get(other));
  });
});
