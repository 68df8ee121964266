import { describe, expect, it } from 'vitest';
import type { Identity } from '../../src/model/identity.js';
import type { PolicySpec, RuleSpec } from '../../src/model/program.js';
import { validatePolicies } from '../../src/policy/validate.js';

const identities: Identity[] = [
  { id: 256, labels: { app: 'web', env: 'prod', 'port:web': '80/TCP' } },
];
const origin = { path: 'app/policy', file: 'plumb.ts', line: 3 };

function problems(spec: Partial<PolicySpec>) {
  const endpointSelector = { matchLabels: { app: 'web' } };
  return validatePolicies([{ name: 'p', origin, endpointSelector, ...spec }], identities);
}
const codes = (rule: RuleSpec) => problems({ ingress: [rule] }).map(({ code }) => code);

describe('a policy is refused', () => {
  it.each<[string, string, RuleSpec]>([
    ['a CIDR that is none', 'PLB_INVALID_CIDR', { cidr: ['10.0.0.0/33'] }],
    ['a CIDR with host bits', 'PLB_INVALID_CIDR', { cidr: ['10.0.0.1/8'] }],
    [
      'an exception outside its CIDR',
      'PLB_INVALID_CIDR',
      { cidrSet: [{ cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] }] },
    ],
    [
      'an exception wider than its CIDR',
      'PLB_INVALID_CIDR',
      { cidrSet: [{ cidr: '10.1.0.0/16', except: ['10.0.0.0/8'] }] },
    ],
    ['port 0', 'PLB_INVALID_PORT', { toPorts: [{ ports: [{ port: 0 }] }] }],
    ['a port that is no name', 'PLB_INVALID_PORT', { toPorts: [{ ports: [{ port: 'no name' }] }] }],
    ['a port name nobody has', 'PLB_UNKNOWN_PORT', { toPorts: [{ ports: [{ port: 'http' }] }] }],
    [
      'a range from a name',
      'PLB_INVALID_PORT',
      { toPorts: [{ ports: [{ port: 'web', endPort: 90 }] }] },
    ],
    [
      'a name of another protocol',
      'PLB_UNKNOWN_PORT',
      { toPorts: [{ ports: [{ port: 'web', protocol: 'UDP' }] }] },
    ],
    [
      'an ICMP type of the other family',
      'PLB_INVALID_ICMP',
      { icmps: [{ fields: [{ family: 'IPv4', type: 'PacketTooBig' }] }] },
    ],
    [
      'a range that runs backwards',
      'PLB_INVALID_PORT',
      { toPorts: [{ ports: [{ port: 90, endPort: 80 }] }] },
    ],
    ['a list of no ports', 'PLB_INVALID_PORT', { toPorts: [] }],
    ['a group of no ports', 'PLB_INVALID_PORT', { toPorts: [{ ports: [] }] }],
    ['a list of no ICMP types', 'PLB_INVALID_ICMP', { icmps: [] }],
    ['a group of no ICMP types', 'PLB_INVALID_ICMP', { icmps: [{ fields: [] }] }],
    ['an ICMP type over 255', 'PLB_INVALID_ICMP', { icmps: [{ fields: [{ type: 256 }] }] }],
    [
      'ports together with ICMP types',
      'PLB_PORTS_AND_ICMP',
      { toPorts: [{ ports: [{ port: 80 }] }], icmps: [{ fields: [{ type: 8 }] }] },
    ],
    ['peers of two kinds in one rule', 'PLB_PEER_KINDS', { endpoints: [{}], entities: ['world'] }],
    [
      'a label value that Kubernetes would not take',
      'PLB_INVALID_LABEL',
      { endpoints: [{ matchLabels: { app: 'not a value' } }] },
    ],
    [
      'a value in an expression that Kubernetes would not take',
      'PLB_INVALID_LABEL',
      { endpoints: [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['-'] }] }] },
    ],
    [
      'a label key that Kubernetes would not take',
      'PLB_INVALID_LABEL',
      { endpoints: [{ matchLabels: { 'a b': 'x' } }] },
    ],
    [
      'a reserved label that does not exist',
      'PLB_UNKNOWN_LABEL',
      { endpoints: [{ matchLabels: { 'reserved:hots': '' } }] },
    ],
    [
      'an operator without its values',
      'PLB_INVALID_SELECTOR',
      { endpoints: [{ matchExpressions: [{ key: 'app', operator: 'In' }] }] },
    ],
  ])('for %s', (_, code, rule) => {
    expect(codes(rule)).toEqual([code]);
  });

  it('for a label key that no identity has, with the one that was probably meant', () => {
    const [error] = problems({ endpointSelector: { matchLabels: { ap: 'web' } } });
    expect(error).toMatchObject({ code: 'PLB_UNKNOWN_LABEL', hint: 'Did you mean app?', origin });
  });

  it('for a mistyped reserved label, with the one that was probably meant', () => {
    const endpoints = [{ matchLabels: { 'reserved:hots': '' } }];
    expect(problems({ egress: [{ endpoints }] })[0]?.hint).toBe('Did you mean reserved:host?');
  });

  it('for a subject that is no endpoint: only endpoints have policy here', () => {
    const endpointSelector = { matchLabels: { 'reserved:host': '' } };
    expect(problems({ endpointSelector }).map(({ code }) => code)).toEqual(['PLB_UNKNOWN_LABEL']);
  });

  it('with the place of the rule, where the rule has one of its own', () => {
    const own = { path: 'app/policy', line: 9 };
    expect(problems({ egress: [{ origin: own, cidr: ['x'] }] })[0]?.origin).toEqual(own);
  });

  it('for everything that is wrong with it at once', () => {
    const toPorts = [{ ports: [{ port: 0 }, { port: 99999 }] }];
    expect(codes({ cidr: ['x', 'y'], toPorts })).toHaveLength(4);
  });
});

describe('a policy is accepted', () => {
  it.each<[string, RuleSpec]>([
    ['a reserved label of a peer', { endpoints: [{ matchLabels: { 'reserved:host': '' } }] }],
    ['an empty value', { endpoints: [{ matchLabels: { app: '' } }] }],
    ['prefixes of both families', { cidr: ['0.0.0.0/0', 'fd00::/8'] }],
    ['a port as text and a range', { toPorts: [{ ports: [{ port: '80', endPort: 80 }] }] }],
    ['both ways to write CIDRs', { cidr: ['10.0.0.0/8'], cidrSet: [{ cidr: '11.0.0.0/8' }] }],
  ])('with %s', (_, rule) => {
    expect(codes(rule)).toEqual([]);
  });
});
