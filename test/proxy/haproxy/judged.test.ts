import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HTTPListener, HTTPRuleSpec } from '../../../src/model/l7.js';
import { judgeRequest, type HTTPRequest } from '../../../src/policy/match-l7.js';
import { askRaw } from './ask.js';
import { HaproxyUnderTest, httpListener } from './harness.js';
import { Recorder } from './recorder.js';

const text = (parts: readonly string[], most: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...parts), { maxLength: most }).map((chosen) => chosen.join(''));

const EXPRESSIONS = [
  ...['a', 'b', '/', '\\.', '.', '.*', '[ab]+', '(a|b)', '(?:a|/b)?', '\\d', 'b?', 'a{1,2}'],
  ...[
    '[^/]+',
    '~',
    '\\w*',
    '(?i:A)',
    '%41',
    '%2[0-9A-F]',
    '[[:alpha:]]',
    'a|b',
    '\\x61',
    '$',
    'b{,2}',
  ],
];
const expression = text(EXPRESSIONS, 4);
const header = fc.record(
  {
    name: fc.constantFrom('X-Key', 'X-Door'),
    value: fc.constantFrom('1', 'a b', '"%ci" \\ é'),
    mismatch: fc.constantFrom('LOG', 'ADD', 'DELETE', 'REPLACE'),
  },
  { requiredKeys: ['name', 'value'] },
);
const rule: fc.Arbitrary<HTTPRuleSpec> = fc.record(
  {
    method: fc.constantFrom('GET', 'GET|PUT', 'P.*', '[A-F]\\w+', '.'),
    path: expression.map((rest) => `/${rest}`),
    host: fc.oneof(fc.constantFrom('a\\.test', '(.*\\.)?test', '[^.]*'), expression),
    headers: fc.array(fc.constantFrom('X-Key', 'X-Key: 1', 'X-Door: a b'), { maxLength: 2 }),
    headerMatches: fc.array(header, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const SEGMENTS = [
  ...['a', 'b', 'A', '/', '/', '.', '..', '~', '1', '%61', '%41', '%2e', '%2E%2E', '%7e', '%20'],
  ...[
    '%2f',
    '%5C',
    '%c3%a9',
    '%C0%AE',
    '%00',
    '%',
    '%4',
    ';',
    '?a=/b',
    '?',
    '&',
    '=',
    '%3b',
    '*',
    '{,2}',
  ],
];
const request: fc.Arbitrary<HTTPRequest> = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH'),
  path: text(SEGMENTS, 6).map((rest) => `/${rest}`),
  host: fc.constantFrom('a.test', 'A.Test:8080', 'b.a.test', 'test', 'ab', '10.0.0.1', '[::1]:80'),
  headers: fc.array(
    fc.tuple(
      fc.constantFrom('X-Key', 'x-key', 'X-Door'),
      fc.constantFrom('1', '2', 'a b', '"%ci" \\ é', ''),
    ),
    { maxLength: 3 },
  ),
});

/** As a client writes it; values are UTF-8. */
function written({ method, path, host = '', headers = [] }: HTTPRequest): string {
  const lines = headers.map(([name, value]) => `${name}: ${Buffer.from(value).toString('latin1')}`);
  const all = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...lines];
  return `${all.join('\r\n')}\r\n\r\n`;
}

const LISTENERS = 40;

describe.sequential('random requests', () => {
  let server: Recorder;
  let haproxy: HaproxyUnderTest;
  let listeners: readonly HTTPListener[];

  beforeAll(async () => {
    server = await Recorder.start();
    const sets = fc.sample(fc.array(rule, { maxLength: 3 }), LISTENERS);
    listeners = sets.map((rules, i) => httpListener(i + 1, rules));
    haproxy = await HaproxyUnderTest.start(listeners, server);
  });

  afterAll(async () => {
    await haproxy.stop();
    await server.stop();
  });

  it('are judged by HAProxy as plumb verdict foretells, and by the same rule', async () => {
    let count = haproxy.lines.length;
    const property = fc.asyncProperty(fc.nat(LISTENERS - 1), request, async (i, http) => {
      const listener = listeners[i]!;
      const foretold = judgeRequest(listener, { http });
      const status = await askRaw(haproxy.port(listener.id), written(http));
      const record = (await haproxy.records(++count)).at(-1)!;
      const { verdict, rule: by = -1 } = record;
      const rules = JSON.stringify(listener.rules.map((one) => one.rule));
      const wanted = foretold?.allowed === true ? [200] : [400, 403];
      expect(wanted, `${String(status)} of ${rules}`).toContain(status);
      expect({ rules, verdict, rule: by }).toEqual({
        rules,
        verdict: foretold?.allowed === true ? 'allowed' : 'denied',
        rule: foretold?.rule ?? -1,
      });
    });
    await fc.assert(property, { numRuns: 400 });
  });
});
