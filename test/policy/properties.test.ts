import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../src/policy/compile.js';
import { decide, type DirectionVerdict } from '../../src/verdict/decide.js';
import { FIRST, identitiesOf, subjectsOf, world, worldWithPackets } from './arbitraries.js';
import { judgeNaively, type NaiveVerdict } from './naive.js';
import { compileWorld, sideOf } from './resolve.js';

function inWords(verdict: DirectionVerdict | undefined): NaiveVerdict | undefined {
  if (verdict === undefined || verdict.allowed) return verdict && 'allow';
  if (verdict.reason === 'policy-denied') return 'deny';
  if (verdict.reason === 'policy-default-deny') return 'default-deny';
  throw new Error(`the compiled policy has a gap: ${verdict.reason ?? 'no reason'}`);
}

describe('for any policies and packets', () => {
  it('the compiled policy says what reading every rule says, and for the same reason', () => {
    fc.assert(
      fc.property(worldWithPackets(40), ([world, packets]) => {
        const compiled = compileWorld(world);
        for (const packet of packets) {
          const from = sideOf(world, compiled, packet.from);
          const to = sideOf(world, compiled, packet.to);
          const decision = decide(compiled, from, to, packet.protocol, packet.port);
          const { allowed, egress, ingress, audited } = judgeNaively(
            world.policies,
            world.node,
            packet,
          );
          const told = (['egress', 'ingress'] as const).filter((d) => decision[d]?.audited);
          expect(
            [decision.allowed, inWords(decision.egress), inWords(decision.ingress), told],
            JSON.stringify(packet),
          ).toEqual([allowed, egress, ingress, audited]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('a newcomer has the class that a compile with it gives, or none where that is a new one', () => {
    fc.assert(
      fc.property(world, ({ endpoints, local, ...rest }) => {
        const known = { ...rest, local, endpoints: endpoints.slice(0, -1) };
        const all = { ...rest, local, endpoints };
        const compile = (one: typeof all) =>
          compilePolicy({
            policies: rest.policies,
            identities: identitiesOf(one),
            subjects: subjectsOf(known),
            node: rest.node,
          });
        const before = compile(known);
        const newcomer = { id: FIRST + endpoints.length - 1, labels: endpoints.at(-1)! };
        const id = compile(all).classes.get(newcomer.id)!;
        const isSaid = ([key, value]: [string, string]) =>
          !key.startsWith('port:') || known.endpoints.some((labels) => labels[key] === value);
        // Who means something new by the name of a port may ask for rules that nobody compiled.
        if (before.classOf(newcomer) === undefined) {
          if (!Object.entries(newcomer.labels).every(isSaid)) return;
        }
        expect(before.classOf(newcomer)).toBe(before.classTerms.has(id) ? id : undefined);
      }),
      { numRuns: 500 },
    );
  });
});
