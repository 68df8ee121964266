import { describe, expect, it } from 'vitest';
import { synthesize } from '../../src/engine/desired.js';
import { compileFor } from '../../src/engine/provenance.js';
import { byReason, ruleUse, type RuleUse } from '../../src/engine/rule-use.js';
import type { Metric } from '../../src/kernel/metrics.js';
import type { RuleSpec } from '../../src/model/program.js';

const { document, node, allocation } = await synthesize('examples/star-wars/plumb.ts');
const [policy] = document.policies;
const at = (line: number) => ({ path: 'rule1', file: 'plumb.ts', line });
const onPort = (port: number, line: number, endPort = port): RuleSpec => ({
  origin: at(line),
  endpoints: [{ matchLabels: { org: 'empire' } }],
  toPorts: [{ ports: [{ port, endPort, protocol: 'TCP' }] }],
});
const compiled = compileFor(
  {
    ...document,
    policies: [
      {
        ...policy!,
        ingress: [onPort(80, 1), onPort(443, 2), onPort(70, 3, 90)],
        ingressDeny: [onPort(22, 4)],
      },
    ],
  },
  node,
  allocation,
);

const idOf = (name: string): number =>
  allocation.idOf(document.endpoints.find((e) => e.name === name)!.labels);
const set = compiled.policy.policySets.get(idOf('deathstar-1'))!;

function row(change: Partial<Metric>): Metric {
  return {
    version: compiled.policy.heads.get(set)!,
    class: compiled.policy.classes.get(idOf('tiefighter-1'))!,
    protocol: 6,
    port: 80,
    reason: 'forwarded',
    direction: 'ingress',
    verdict: 'allow',
    packets: 2n,
    bytes: 100n,
    ...change,
  };
}

const packetsAt = (use: RuleUse, effect: string): Record<number, number> =>
  Object.fromEntries(
    use.rules
      .filter((rule) => rule.effect === effect)
      .map(({ origin, packets }) => [origin.line ?? 0, packets]),
  );

describe('what met a rule', () => {
  it('is counted for each of the rules that say the same of it', () => {
    expect(packetsAt(ruleUse([row({})], compiled), 'allow')).toEqual({ 1: 2, 2: 0, 3: 2 });
    expect(packetsAt(ruleUse([row({ port: 71 })], compiled), 'allow')).toEqual({
      1: 0,
      2: 0,
      3: 2,
    });
  });

  it('is added up over peers and ports', () => {
    const use = ruleUse([row({ port: 71 }), row({ port: 72, packets: 5n })], compiled);
    expect(packetsAt(use, 'allow')).toEqual({ 1: 0, 2: 0, 3: 7 });
  });

  it('is counted for a rule that denies, and for the policy that isolates', () => {
    const denied = row({ port: 22, reason: 'policy-denied', verdict: 'deny' });
    const isolated = row({ port: 0, protocol: 0, reason: 'policy-default-deny', verdict: 'deny' });
    const use = ruleUse([denied, isolated], compiled);
    expect(packetsAt(use, 'deny')).toEqual({ 4: 2 });
    expect(Object.values(packetsAt(use, 'isolate'))).toEqual([2]);
    expect(packetsAt(use, 'allow')).toEqual({ 1: 0, 2: 0, 3: 0 });
  });

  it('is counted where the other side decided', () => {
    expect(packetsAt(ruleUse([row({ verdict: 'none' })], compiled), 'allow')).toMatchObject({
      1: 2,
    });
  });

  it('is not guessed for another policy, nor where no policy was asked', () => {
    const folded = row({ version: 0, class: 0xffff_ffff, packets: 3n, bytes: 1n });
    const use = ruleUse([row({ version: 0xabc }), row({ version: 0, class: 0 }), folded], compiled);
    expect(use.otherPolicies).toEqual({ packets: 5, bytes: 101 });
    expect(packetsAt(use, 'allow')).toEqual({ 1: 0, 2: 0, 3: 0 });
  });
});

describe('packets by reason', () => {
  it('are each counted once, whatever both sides said', () => {
    const rows = [row({}), row({ verdict: 'none' }), row({ port: 443, packets: 1n, bytes: 1n })];
    expect(byReason(rows)).toEqual([
      { reason: 'forwarded', direction: 'ingress', verdict: 'allowed', packets: 3, bytes: 101 },
    ]);
  });

  it('that were let through against a policy are audited', () => {
    const audited = row({ reason: 'policy-default-deny' });
    expect(byReason([audited])).toMatchObject([{ verdict: 'audited' }]);
  });
});
