import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FilterRules, HTTPRuleSpec } from '../../src/model/l7.js';
import { compareFilters, type RequestChange } from '../../src/verdict/requests.js';
import { httpRule, REQUESTS } from '../policy/arbitrary-rules.js';
import { letsThrough } from '../policy/naive-requests.js';

const http = (rules: readonly HTTPRuleSpec[]): FilterRules => ({
  protocol: 'http',
  direction: 'ingress',
  rules: rules.map((rule) => ({ rule, origins: [] })),
});

const dns = (...names: string[]): FilterRules => ({
  protocol: 'dns',
  direction: 'egress',
  rules: names.map((name) => ({
    rule: name.includes('*') ? { matchPattern: name } : { matchName: name },
    origins: [],
  })),
});

const rulesOf = (rules: RequestChange['opens']) => rules.map(({ rule }) => rule);

/** What opens and closes, as rules. */
function between(before: FilterRules, after: FilterRules) {
  const { opens, closes } = compareFilters(before, after);
  return { opens: rulesOf(opens), closes: rulesOf(closes) };
}

const NOTHING = { opens: [], closes: [] };

describe('what opens and closes between two filters', () => {
  it('has a rule for every request that does, whatever the rules', () => {
    const rules = fc.array(httpRule, { maxLength: 4 });
    fc.assert(
      fc.property(rules, rules, (before, after) => {
        const { opens, closes } = between(http(before), http(after)) as Record<
          'opens' | 'closes',
          HTTPRuleSpec[]
        >;
        for (const request of REQUESTS) {
          const [was, is] = [before, after].map((list) => letsThrough([list], request));
          const said = (list: HTTPRuleSpec[]) => list.length > 0 && letsThrough([list], request);
          if (is && !was) expect(said(opens), JSON.stringify(request)).toBe(true);
          if (was && !is) expect(said(closes), JSON.stringify(request)).toBe(true);
        }
      }),
      { numRuns: 800 },
    );
  });

  it('is nothing where a rule goes that a plainer one implies, or comes beside it', () => {
    const plain = [{ path: '/x.*' }];
    expect(between(http(plain), http([...plain, { path: '/xy' }]))).toEqual(NOTHING);
    expect(between(http(plain), http([...plain, { path: '/xy/.*', method: 'GET' }]))).toEqual(
      NOTHING,
    );
    expect(between(http([{}, { path: '/a' }]), http([{}]))).toEqual(NOTHING);
    expect(between(http([]), http([{}]))).toEqual(NOTHING);
  });

  it('is nothing where alternatives are written as rules of their own', () => {
    const rules = [
      { method: 'GET', path: '/a' },
      { method: 'PUT', path: '/a' },
    ];
    expect(between(http([{ method: 'GET|PUT', path: '/a' }]), http(rules))).toEqual(NOTHING);
  });

  it('is the rule where one alternative is not let through by the other side', () => {
    const both = { method: 'GET|PUT', path: '/a' };
    expect(between(http([{ method: 'GET', path: '/a' }]), http([both]))).toEqual({
      opens: [both],
      closes: [],
    });
  });

  it('is not nothing because a dot is taken for itself, or a text for an expression', () => {
    const [dot, any] = [{ path: '/a\\.b' }, { path: '/a.b' }];
    expect(between(http([any]), http([any, dot]))).toEqual(NOTHING);
    expect(between(http([dot]), http([dot, any]))).toEqual({ opens: [any], closes: [] });
    expect(between(http([{ path: '/a\\.*' }]), http([{ path: '/ab' }])).opens).toHaveLength(1);
  });

  it('tells rules apart that do something to a request', () => {
    const named = { name: 'X-A', value: '1' };
    const [plain, logged] = [
      { path: '/x', headerMatches: [named] },
      { path: '/x', headerMatches: [{ ...named, mismatch: 'LOG' as const }] },
    ];
    expect(between(http([plain]), http([logged]))).toEqual({ opens: [logged], closes: [plain] });
  });

  it('knows names that patterns match', () => {
    expect(between(dns('*.test'), dns('*.test', 'a.test'))).toEqual(NOTHING);
    expect(between(dns('a.test'), dns('*.test')).opens).toEqual([{ matchPattern: '*.test' }]);
    expect(between(dns(), dns('*'))).toEqual(NOTHING);
  });

  it('is everything where another protocol is spoken', () => {
    const { opens, closes } = between(dns('a.test'), http([{ path: '/x' }]));
    expect(opens).toEqual([{ path: '/x' }]);
    expect(closes).toEqual([{ matchName: 'a.test' }]);
  });
});
