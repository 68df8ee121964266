import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lintShadows } from '../../src/lint/shadows.js';
import type { PolicySpec, RuleSpec } from '../../src/model/program.js';
import { verdictDelta } from '../../src/verdict/delta.js';
import { world, type PolicyWorld } from '../policy/arbitraries.js';
import { compileWorld } from '../policy/resolve.js';

const LISTS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const;

/** Every rule on a line of its own, and isolation said by the policy and not by its rules. */
function numbered(policies: readonly PolicySpec[]): PolicySpec[] {
  let line = 0;
  return policies.map((policy, n) => {
    const origin = { path: `policy${String(n)}`, file: 'plumb.ts', line: ++line };
    const { ingress = [], ingressDeny = [], egress = [], egressDeny = [] } = policy;
    const lists = LISTS.filter((list) => policy[list] !== undefined).map((list) => [
      list,
      (policy[list] ?? []).map((rule): RuleSpec => ({
        ...rule,
        origin: { ...origin, line: ++line },
      })),
    ]);
    const isolates = {
      ingress: policy.enableDefaultDeny?.ingress ?? ingress.length + ingressDeny.length > 0,
      egress: policy.enableDefaultDeny?.egress ?? egress.length + egressDeny.length > 0,
    };
    return {
      ...policy,
      origin,
      ...(Object.fromEntries(lists) as Partial<PolicySpec>),
      ...(policy.tier === undefined && { enableDefaultDeny: isolates }),
    };
  });
}

function without(policies: readonly PolicySpec[], lines: ReadonlySet<number>): PolicySpec[] {
  return policies.map((policy) => ({
    ...policy,
    ...Object.fromEntries(
      LISTS.filter((list) => policy[list] !== undefined).map((list) => [
        list,
        (policy[list] ?? []).filter(({ origin }) => !lines.has(origin?.line ?? 0)),
      ]),
    ),
  }));
}

/** With a policy about everybody that says again, or denies, what another one allows. */
const crowded = fc
  .tuple(world, fc.boolean(), fc.nat(3), fc.nat(3))
  .map(([made, denies, of, fewer]): PolicyWorld => {
    const { ingress = [], egress = [] } = made.policies[of] ?? {};
    const [ins, outs] = [ingress, egress].map((rules) =>
      rules.map(({ action, ...rule }) => (action === undefined ? rule : {})).slice(fewer % 2),
    ) as [RuleSpec[], RuleSpec[]];
    const again = denies ? { ingressDeny: ins, egressDeny: outs } : { ingress: ins, egress: outs };
    const copy = { name: 'again', origin: { path: 'again' }, endpointSelector: {}, ...again };
    return { ...made, policies: [...made.policies, copy] };
  });

it('all rules that are said to change nothing change nothing when they go', () => {
  const said = { PLL_SHADOWED: 0, PLL_UNREACHABLE: 0 } as Record<string, number>;
  fc.assert(
    fc.property(crowded, (made) => {
      const old: PolicyWorld = { ...made, policies: numbered(made.policies) };
      const before = compileWorld(old);
      const found = lintShadows({
        document: { version: 1, nodes: [], endpoints: [], policies: [], services: [] },
        node: {} as never,
        policy: before,
      });
      if (found.length === 0) return;
      for (const { code } of found) said[code] = (said[code] ?? 0) + 1;
      const lines = new Set(found.map(({ origin }) => origin.line ?? 0));
      const next = { ...old, policies: without(old.policies, lines) };
      expect(JSON.stringify(next.policies)).not.toBe(JSON.stringify(old.policies));
      expect(verdictDelta(before, compileWorld(next))).toEqual([]);
    }),
    { numRuns: 1000 },
  );
  expect(Math.min(...Object.values(said))).toBeGreaterThan(10);
});
