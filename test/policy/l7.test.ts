import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { L7RulesSpec } from '../../src/model/l7.js';
import type { PolicySpec, PortRuleSpec, RuleSpec } from '../../src/model/program.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { verdictDelta } from '../../src/verdict/delta.js';
import { Cluster } from './worlds.js';

const cluster = new Cluster({ web: { app: 'web' }, a: { app: 'a' }, b: { app: 'b' } });
const endpointSelector = { matchLabels: { app: 'web' } };

/** A rule of a policy about `web`, from `a` or from anybody. */
const from = (
  who: 'a' | 'b' | 'anybody',
  port: number | undefined,
  more: Partial<PortRuleSpec>,
) => ({
  ...(who === 'anybody' ? {} : { endpoints: [{ matchLabels: { app: who } }] }),
  ...(port === undefined
    ? {}
    : { toPorts: [{ ports: [{ port, protocol: 'TCP' as const }], ...more }] }),
});
const http = (...paths: string[]): { rules: L7RulesSpec } => ({
  rules: { http: paths.map((path) => ({ path })) },
});
const policy = (...ingress: RuleSpec[]): Partial<PolicySpec> => ({
  endpointSelector,
  ingress,
});
const entryAt = (compiled: CompiledPolicy, who: string, port: number) =>
  cluster.decide(compiled, who, 'web', port).ingress?.entry;
const rulesAt = (compiled: CompiledPolicy, who: string, port: number): unknown => {
  const entry = entryAt(compiled, who, port);
  if (entry?.verdict !== 'redirect') return entry?.verdict;
  return compiled.listeners.get(entry.listener ?? 0)?.rules.map(({ rule }) => rule);
};

describe('rules of layer 7', () => {
  it('redirect what they are about to a listener that has them', () => {
    const compiled = cluster.compile([policy(from('a', 80, http('/x', '/y')))]);
    expect(rulesAt(compiled, 'a', 80)).toEqual([{ path: '/x' }, { path: '/y' }]);
    expect(rulesAt(compiled, 'b', 80)).toBe('default-deny');
    expect(rulesAt(compiled, 'a', 81)).toBe('default-deny');
  });

  it('are one listener for everybody and every port that they are the same for', () => {
    const compiled = cluster.compile([
      policy(from('a', 80, http('/x', '/y')), from('b', 81, http('/y', '/x', '/x'))),
    ]);
    expect(compiled.listeners.size).toBe(1);
    expect(entryAt(compiled, 'a', 80)).toEqual({ ...entryAt(compiled, 'b', 81), port: 80 });
  });

  it('add up where several let a part through', () => {
    const compiled = cluster.compile([
      policy(from('a', 80, http('/x'))),
      policy(from('anybody', 80, http('/y'))),
    ]);
    expect(rulesAt(compiled, 'a', 80)).toEqual([{ path: '/x' }, { path: '/y' }]);
    expect(rulesAt(compiled, 'b', 80)).toEqual([{ path: '/y' }]);
  });

  it('with an empty list let through everything of their protocol, by a proxy', () => {
    const compiled = cluster.compile([
      policy(from('a', 80, http('/x')), from('a', 80, { rules: { http: [] } })),
    ]);
    expect(rulesAt(compiled, 'a', 80)).toEqual([]);
  });

  it.each([
    ['a plain rule for the port', from('a', 80, {})],
    ['a rule for every port', from('a', undefined, {})],
    ['a rule for anybody', from('anybody', 80, {})],
  ])('give way to %s', (_what, plain) => {
    const compiled = cluster.compile([policy(from('a', 80, http('/x'))), policy(plain)]);
    expect(rulesAt(compiled, 'a', 80)).toBe('allow');
    expect(compiled.listeners.size).toBe(0);
  });

  it('give way to a policy without default deny, which lets through what no rule is about', () => {
    const open = { ...policy(from('a', 80, http('/x'))), enableDefaultDeny: { ingress: false } };
    expect(rulesAt(cluster.compile([open]), 'a', 80)).toBe('allow');
    const isolated = cluster.compile([open, policy(from('b', 81, {}))]);
    expect(rulesAt(isolated, 'a', 80)).toEqual([{ path: '/x' }]);
  });

  it('give way to denials', () => {
    const denied = { endpointSelector, ingressDeny: [from('a', 80, {})] };
    const compiled = cluster.compile([policy(from('a', 80, http('/x'))), denied]);
    expect(rulesAt(compiled, 'a', 80)).toBe('deny');
  });

  it('of an audited policy filter nothing', () => {
    const audited = { ...policy(from('a', 80, http('/x'))), audit: true };
    expect(rulesAt(cluster.compile([audited]), 'a', 80)).toBe('allow');
    const both = cluster.compile([policy(from('a', 80, http('/y'))), audited]);
    expect(rulesAt(both, 'a', 80)).toEqual([{ path: '/y' }]);
  });

  it('of two protocols for one port are refused with both policies', () => {
    const two = [
      { ...policy(from('a', 80, http('/x'))), name: 'one' },
      { ...policy(from('a', 80, { serverNames: ['a.b'] })), name: 'two' },
    ];
    expect(() => cluster.compile(two)).toThrow(/one has http and policy two tls/);
  });

  it('are known with the lines that ask for each', () => {
    const origin = (line: number) => ({ path: 'p', file: 'plumb.ts', line });
    const compiled = cluster.compile([
      policy({ ...from('a', 80, http('/x')), origin: origin(1) }),
      policy({ ...from('a', 80, http('/x', '/y')), origin: origin(2) }),
    ]);
    const [listener] = [...compiled.listeners.values()];
    expect(listener?.rules.map(({ origins }) => origins.map(({ line }) => line))).toEqual([
      [1, 2],
      [2],
    ]);
  });

  it('are of one direction', () => {
    const both = cluster.compile([
      policy(from('a', 80, http('/x'))),
      {
        endpointSelector: { matchLabels: { app: 'a' } },
        egress: [{ toPorts: [{ ports: [{ port: 80, protocol: 'TCP' }], ...http('/x') }] }],
      },
    ]);
    expect([...both.listeners.values()].map(({ direction }) => direction).sort()).toEqual([
      'egress',
      'ingress',
    ]);
  });

  it('change traffic when they come, go, or say something else', () => {
    const compile = (more: Partial<PortRuleSpec>): CompiledPolicy =>
      cluster.compile([policy(from('a', 80, more))]);
    const filters = (before: CompiledPolicy, after: CompiledPolicy) =>
      verdictDelta(before, after).map(({ kind }) => kind);
    const [open, one, other] = [compile({}), compile(http('/x')), compile(http('/y'))];
    expect(filters(open, one)).toEqual(['filtered']);
    expect(filters(one, open)).toEqual(['freed']);
    expect(filters(one, other)).toEqual(['refiltered']);
    expect(filters(one, compile(http('/x')))).toEqual([]);
  });
});

/** Who, which port (none: all), paths (none: plain), and what the rule does. */
const anyRule = fc.record({
  who: fc.constantFrom('a' as const, 'b' as const, 'anybody' as const),
  port: fc.constantFrom(80, 81, undefined),
  paths: fc.option(fc.subarray(['/x', '/y', '/z'])),
  deny: fc.constantFrom(false, false, false, true),
});
/** A rule that names nobody and no port selects nothing. */
const rule = anyRule.filter(({ who, port }) => who !== 'anybody' || port !== undefined);
type Rule = typeof rule extends fc.Arbitrary<infer R> ? R : never;

/** The words of the documentation, rule by rule. */
function oracle(rules: readonly Rule[], who: string, port: number): unknown {
  const about = rules.filter(
    (one) => (one.who === 'anybody' || one.who === who) && (one.port ?? port) === port,
  );
  if (about.some(({ deny }) => deny)) return 'deny';
  const lists = about.map(({ paths, port: own }) => (own === undefined ? null : paths));
  if (lists.length === 0) return 'default-deny';
  if (lists.includes(null)) return 'allow';
  if (lists.some((list) => list?.length === 0)) return [];
  return [...new Set(lists.flatMap((list) => list ?? []))].sort().map((path) => ({ path }));
}

it('merge as the documentation says, whatever the rules are', () => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 6 }), (rules) => {
      const compiled = cluster.compile(
        rules.map(({ who, port, paths, deny }) => {
          const made = from(who, port, deny || paths === null ? {} : http(...paths));
          return deny
            ? { endpointSelector, ingressDeny: [made] }
            : { endpointSelector, ingress: [made] };
        }),
      );
      for (const who of ['a', 'b']) {
        for (const port of [80, 81]) {
          expect(rulesAt(compiled, who, port)).toEqual(oracle(rules, who, port));
        }
      }
    }),
  );
});
