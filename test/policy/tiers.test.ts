import { describe, expect, it } from 'vitest';
import type { PolicySpec, RuleSpec } from '../../src/model/program.js';
import { validatePolicies } from '../../src/policy/validate.js';
import { explainDirection } from '../../src/verdict/explain.js';
import { Cluster, TCP } from './worlds.js';

const cluster = new Cluster({ web: { app: 'web' }, client: { app: 'client' } });
const endpointSelector = { matchLabels: { app: 'web' } };
type Action = 'Accept' | 'Deny' | 'Pass';
const rule = (action: Action, port = 80): RuleSpec => ({
  action,
  endpoints: [{ matchLabels: { app: 'client' } }],
  toPorts: [{ ports: [{ port, protocol: 'TCP' }] }],
});
const admin = (priority: number, ...ingress: RuleSpec[]): Partial<PolicySpec> => ({
  endpointSelector,
  tier: 'Admin',
  priority,
  ingress,
});
const baseline = (...ingress: RuleSpec[]): Partial<PolicySpec> => ({
  endpointSelector,
  tier: 'Baseline',
  priority: 0,
  ingress,
});
const allows: Partial<PolicySpec> = { endpointSelector, ingress: [{ endpoints: [{}] }] };
const isolates: Partial<PolicySpec> = { endpointSelector, ingress: [{}] };
const denies: Partial<PolicySpec> = { endpointSelector, ingressDeny: [{ endpoints: [{}] }] };

function verdict(policies: Partial<PolicySpec>[], port = 80, enforcement?: 'always'): string {
  const node = { enforcement: enforcement ?? 'default', allowLocalhost: false } as const;
  const { ingress } = cluster.decide(cluster.compile(policies, { node }), 'client', 'web', port);
  return ingress?.reason ?? 'allow';
}

describe('the tier Admin', () => {
  it('accepts what policies without a tier deny', () => {
    expect(verdict([admin(5, rule('Accept')), denies])).toBe('allow');
  });

  it('denies what policies without a tier allow', () => {
    expect(verdict([allows, admin(5, rule('Deny'))])).toBe('policy-denied');
  });

  it('leaves to them what it passes, and what it does not speak of', () => {
    expect(verdict([admin(5, rule('Pass')), denies])).toBe('policy-denied');
    expect(verdict([admin(5, rule('Deny', 81)), allows])).toBe('allow');
  });

  it('is decided by the lower priority', () => {
    expect(verdict([admin(9, rule('Deny')), admin(3, rule('Accept'))])).toBe('allow');
    expect(verdict([admin(3, rule('Pass')), admin(9, rule('Deny'))])).toBe('allow');
  });

  it('is decided by the first rule of a policy that covers the traffic', () => {
    expect(verdict([admin(1, rule('Accept'), rule('Deny'))])).toBe('allow');
    expect(verdict([admin(1, rule('Accept', 81), rule('Deny'))])).toBe('policy-denied');
  });

  it('denies where policies of one priority disagree, whatever their order', () => {
    const list = [admin(1, rule('Accept')), admin(1, rule('Accept', 81), rule('Deny'))];
    expect([verdict(list), verdict(list.reverse())]).toEqual(['policy-denied', 'policy-denied']);
  });

  it('makes nobody default-deny', () => {
    expect(verdict([admin(1, rule('Accept', 81))])).toBe('allow');
  });
});

describe('the tier Baseline', () => {
  it('speaks where no policy isolates', () => {
    expect(verdict([baseline(rule('Deny'))])).toBe('policy-denied');
    expect(verdict([baseline(rule('Deny', 81))])).toBe('allow');
  });

  it('is silent where one does: that is final', () => {
    expect(verdict([baseline(rule('Accept')), isolates])).toBe('policy-default-deny');
    expect(verdict([baseline(rule('Deny')), allows])).toBe('allow');
  });

  it('speaks where a policy selects without isolating', () => {
    const open = {
      ...denies,
      ingressDeny: [rule('Deny', 81)],
      enableDefaultDeny: { ingress: false },
    };
    expect(verdict([open, baseline(rule('Deny'))])).toBe('policy-denied');
  });

  it('comes before the default of a node that always enforces', () => {
    expect(verdict([baseline(rule('Accept'))], 80, 'always')).toBe('allow');
    expect(verdict([baseline(rule('Accept'))], 81, 'always')).toBe('policy-default-deny');
  });

  it('ends at a Pass with the default', () => {
    expect(verdict([baseline(rule('Pass'), rule('Deny'))])).toBe('allow');
  });
});

describe('an explanation', () => {
  it('names the rules that decide, not those that never got a word', () => {
    const compiled = cluster.compile([denies, admin(5, rule('Accept'), rule('Deny'))]);
    const set = compiled.policySets.get(cluster.id('web')) ?? 0;
    const peer = compiled.classes.get(cluster.id('client')) ?? 0;
    expect(explainDirection(compiled, 'ingress', set, peer, TCP, 80)).toMatchObject({
      allows: [{ name: 'p1', origin: { line: 2 } }],
      denies: [],
    });
  });
});

describe('validation refuses', () => {
  const codes = (spec: Partial<PolicySpec>) =>
    validatePolicies(
      [{ name: 'p', origin: { path: 'p' }, endpointSelector, ...spec }],
      cluster.identities,
    ).map(({ code }) => code);

  it.each<[string, Partial<PolicySpec>]>([
    ['a priority without a tier', { priority: 3 }],
    ['a tier without a priority', { tier: 'Admin' }],
    ['a priority over 1000', { tier: 'Admin', priority: 1001 }],
    ['half a priority', { tier: 'Admin', priority: 1.5 }],
    ['a rule without an action', { ...admin(1, { entities: ['all'] }) }],
    ['a rule that covers nothing', { ...admin(1, { action: 'Deny' }) }],
    ['an action without a tier', { ingress: [rule('Deny')] }],
    ['denials of their own', { tier: 'Admin', priority: 1, ingressDeny: [] }],
    ['default deny', { tier: 'Admin', priority: 1, enableDefaultDeny: { ingress: true } }],
    ['a namespace', { tier: 'Baseline', priority: 1, namespace: 'shop' }],
  ])('%s', (_, spec) => {
    expect(codes(spec)).toEqual(['PLB_TIER']);
  });
});
