import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../src/policy/compile.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { identitiesOf, policies, subjectsOf, world } from './arbitraries.js';
import { workloadW } from './workload-w.js';

/** All that reaches the kernel or a person, in an order of its own. */
function contents(compiled: CompiledPolicy) {
  const sorted = <V>(map: ReadonlyMap<number, V>) => [...map].sort(([a], [b]) => a - b);
  return {
    classes: sorted(compiled.classes),
    classTerms: sorted(compiled.classTerms),
    policySets: sorted(compiled.policySets),
    heads: sorted(compiled.heads),
    versions: sorted(compiled.versions).map(([id, refs]) => [
      id,
      sorted(refs.ingress),
      sorted(refs.egress),
    ]),
    tables: sorted(compiled.tables),
    prefixes: compiled.prefixes,
    labels: sorted(compiled.sets).map(([id, { label, isolated }]) => [id, label, isolated]),
    applied: sorted(compiled.sets).map(([id, set]) => [id, set.policies.map(({ name }) => name)]),
    warnings: compiled.warnings,
  };
}

describe('a compile that has an earlier one to build on', () => {
  it('says what one on its own says, through any history of policies that come and go', () => {
    const history = fc.array(fc.array(fc.nat(19), { maxLength: 6 }), {
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(world, policies, policies, history, (one, some, others, steps) => {
        const pool = [...one.policies, ...some, ...others];
        const input = { identities: identitiesOf(one), subjects: subjectsOf(one), node: one.node };
        let earlier: CompiledPolicy | undefined;
        for (const step of steps) {
          const chosen = new Set(step.map((n) => pool[n]).filter((p) => p !== undefined));
          const next = { ...input, policies: [...chosen] };
          earlier = compilePolicy(next, earlier);
          expect(contents(earlier)).toEqual(contents(compilePolicy(next)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('builds on nothing when identities, subjects or the enforcement are others', () => {
    const input = workloadW(200, 100);
    const earlier = compilePolicy(input);
    const others = [
      { ...input, identities: input.identities.slice(0, -1) },
      { ...input, subjects: input.subjects.slice(1) },
      { ...input, node: { ...input.node, enforcement: 'always' } },
      { ...input, node: { ...input.node, enforcement: 'never' } },
      { ...input, node: { ...input.node, allowLocalhost: false } },
    ] as const;
    for (const other of others) {
      const compiled = compilePolicy(other, earlier);
      expect(contents(compiled)).toEqual(contents(compilePolicy(other)));
      expect(compiled.allowLocalhost).toBe(other.node.allowLocalhost);
    }
  });

  it('keeps the very versions of policy sets that a new rule does not concern', () => {
    const input = workloadW(1_000, 100);
    const before = compilePolicy(input);
    const [first] = input.policies;
    const ingress = [{ endpoints: [{ matchLabels: { app: 'svc50' } }] }];
    const added = { ...first!, name: 'added', ingress, egress: [] };
    const after = compilePolicy({ ...input, policies: [...input.policies, added] }, before);
    const kept = [...before.versions].filter(([id, refs]) => after.versions.get(id) === refs);
    expect([before.versions.size, after.versions.size, kept.length]).toEqual([100, 100, 99]);
    expect(after.classes).toBe(before.classes);
  });
});
