import { describe, expect, it } from 'vitest';
import type { HTTPListener, HTTPRuleSpec } from '../../src/model/l7.js';
import { judgeRequest, normalPath, type HTTPRequest } from '../../src/policy/match-l7.js';

const listener = (...rules: HTTPRuleSpec[]): HTTPListener => ({
  ...{ id: 1, protocol: 'http', direction: 'ingress' },
  rules: rules.map((rule) => ({ rule, origins: [] })),
});
const judge = (rule: HTTPRuleSpec, http: Partial<HTTPRequest>): boolean | undefined =>
  judgeRequest(listener(rule), { http: { method: 'GET', path: '/', ...http } })?.allowed;

describe('a rule of HTTP', () => {
  it.each<[string, HTTPRuleSpec, Partial<HTTPRequest>, boolean]>([
    ['the whole method', { method: 'GE' }, {}, false],
    ['one method of several', { method: 'GET|HEAD' }, {}, true],
    ['the whole path', { path: '/v1' }, { path: '/v1/x' }, false],
    ['the path without its query', { path: '/v1' }, { path: '/v1?a=/v2' }, true],
    ['the path in its normal form', { path: '/v2' }, { path: '/v1/%2e%2E/%762' }, true],
    ['the host in small letters, without a port', { host: 'a\\.b' }, { host: 'A.b:80' }, true],
    ['the header Host, too', { host: 'a' }, { headers: [['Host', 'a']] }, true],
    ['a header that is there', { headers: ['X'] }, { headers: [['x', '1']] }, true],
    ['a header that is not', { headers: ['X'] }, {}, false],
    ['the value of a header', { headers: ['X: 1'] }, { headers: [['X', '2']] }, false],
    ['a header match', { headerMatches: [{ name: 'X', value: '1' }] }, {}, false],
    [
      'no header match with an action',
      { headerMatches: [{ name: 'X', mismatch: 'LOG' }] },
      {},
      true,
    ],
    ['no CONNECT', {}, { method: 'CONNECT' }, false],
  ])('looks at %s', (_what, rule, request, allowed) => {
    expect(judge(rule, request)).toBe(allowed);
  });

  it('is told by its place among others; none needs one', () => {
    const asked = { http: { method: 'GET', path: '/b' } };
    expect(judgeRequest(listener({ path: '/a' }, { path: '/b' }), asked)).toEqual({
      allowed: true,
      rule: 1,
    });
    expect(judgeRequest(listener(), asked)).toEqual({ allowed: true });
    expect(judgeRequest(listener(), { dns: 'a.b' })).toBeUndefined();
  });
});

describe('the normal form of a path', () => {
  it.each([
    ['/a/./b//c/../d', '/a/b/d'],
    ['/../a', '/a'],
    ['/a/..', '/'],
    ['/a/.', '/a/'],
    ['/%61%7e%c3', '/a~%C3'],
    ['/a%20b', '/a%20b'],
    ['*', '*'],
  ])('of %s is %s', (given, normal) => {
    expect(normalPath(given)).toBe(normal);
  });

  it.each(['a', 'http://x/a', '/a%2fb', '/a%5Cb', '/a\\b', '/a#b', '/a%00', '/a%2', '/%23'])(
    'is none for %s, which is refused',
    (path) => {
      expect(normalPath(path)).toBeUndefined();
    },
  );
});
