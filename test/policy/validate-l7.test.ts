import { describe, expect, it } from 'vitest';
import type { PolicySpec, PortRuleSpec } from '../../src/model/program.js';
import { validatePolicies } from '../../src/policy/validate.js';

const origin = { path: 'p', file: 'plumb.ts', line: 7 };
const identities = [{ id: 256, labels: { app: 'web' } }];
const endpointSelector = { matchLabels: { app: 'web' } };
const tcp = [{ port: 80, protocol: 'TCP' as const }];

function problems(more: Partial<PolicySpec>): string[] {
  const errors = validatePolicies([{ origin, name: 'l7', ...more }], identities, [{ labels: {} }]);
  return errors.map(({ code, message }) => `${code} ${message}`);
}
const ingress = (group: PortRuleSpec, more: Partial<PolicySpec> = {}): string[] =>
  problems({ endpointSelector, ingress: [{ toPorts: [group] }], ...more });
const http = (rule: object): PortRuleSpec => ({ ports: tcp, rules: { http: [rule] } });

describe('rules of layer 7 are refused', () => {
  it.each<[string, string[], string]>([
    [
      'in denials',
      problems({ endpointSelector, ingressDeny: [{ toPorts: [http({})] }] }),
      'PLB_L7_PLACE',
    ],
    [
      'about nodes',
      problems({ nodeSelector: {}, ingress: [{ toPorts: [http({})] }] }),
      'PLB_L7_PLACE',
    ],
    [
      'for names in ingress',
      ingress({ ports: tcp, rules: { dns: [{ matchName: 'a.b' }] } }),
      'PLB_L7_PLACE',
    ],
    [
      'for HTTP on UDP',
      ingress({ ports: [{ port: 80, protocol: 'UDP' }], rules: { http: [] } }),
      'PLB_L7_PLACE',
    ],
    ['of two protocols', ingress({ ports: tcp, rules: { http: [], dns: [] } }), 'PLB_L7_PROTOCOLS'],
    ['of none', ingress({ ports: tcp, rules: {} }), 'PLB_L7_PROTOCOLS'],
    ['of HTTP in TLS', ingress({ ...http({}), serverNames: ['a.b'] }), 'PLB_L7_PROTOCOLS'],
    ['with a reference back', ingress(http({ path: '(a)\\1' })), 'PLB_EXPRESSION'],
    ['with look-around', ingress(http({ path: '(?=a)b' })), 'PLB_EXPRESSION'],
    ['with an expression that ends too early', ingress(http({ method: '(GET' })), 'PLB_EXPRESSION'],
    ['with a line break', ingress(http({ path: 'a\nb' })), 'PLB_EXPRESSION'],
    ['with a header that is none', ingress(http({ headers: ['a b'] })), 'PLB_HEADER'],
    [
      'with nothing to add',
      ingress(http({ headerMatches: [{ name: 'a', mismatch: 'ADD' }] })),
      'PLB_HEADER',
    ],
    ['for names that are none', ingress({ ports: tcp, serverNames: ['a..b'] }), 'PLB_INVALID_NAME'],
  ])('%s', (_what, found, code) => {
    expect(found).toEqual([expect.stringContaining(code)]);
  });
});

it('rules of layer 7 are fine where they belong', () => {
  expect(ingress(http({ method: 'GET|HEAD', path: '/v[0-9]+/.*', headers: ['X-A: b'] }))).toEqual(
    [],
  );
  expect(ingress({ ports: tcp, serverNames: ['**.a.b', 'c.d'] })).toEqual([]);
  const dns = { ports: [{ port: 53 }], rules: { dns: [{ matchPattern: '*' }] } };
  expect(problems({ endpointSelector, egress: [{ toPorts: [dns] }] })).toEqual([]);
});
