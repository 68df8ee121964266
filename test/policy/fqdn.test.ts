import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fqdnProblem, matchesFQDN } from '../../src/model/fqdn.js';
import type { PolicySpec } from '../../src/model/program.js';
import { fqdnSelectors, nameAddresses } from '../../src/policy/fqdn.js';
import { validatePolicies } from '../../src/policy/validate.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { decide } from '../../src/verdict/decide.js';
import { Cluster } from './worlds.js';

describe('a pattern of names', () => {
  it.each<[string, string, boolean]>([
    ['*.example.org', 'www.example.org', true],
    ['*.example.org', 'a.www.example.org', false],
    ['*.example.org', 'example.org', false],
    ['**.example.org', 'a.www.example.org', true],
    ['**.example.org', 'www.example.org', true],
    ['**.example.org', 'example.org', false],
    ['**.example.org', 'badexample.org', false],
    ['*example.org', 'example.org', true],
    ['*example.org', 'badexample.org', true],
    ['*example.org', 'bad.example.org', false],
    ['w*w.example.*', 'ww.example.net', true],
    ['w*w.example.*', 'www.example.co.uk', false],
    ['*', 'anything.at.all', true],
    ['**.*.org', 'a.b.org', true],
    ['WWW.Example.org.', 'www.example.ORG', true],
    ['www.example.org', 'www-example.org', false],
  ])('%s: %s is %s', (matchPattern, name, expected) => {
    expect(matchesFQDN({ matchPattern }, name)).toBe(expected);
  });

  it('matches what the regular expression that it stands for matches', () => {
    const label = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 4 });
    const pattern = fc
      .tuple(fc.boolean(), fc.array(label, { minLength: 1, maxLength: 3 }))
      .map(([spans, labels]) => (spans ? '**.' : '') + labels.join('.'));
    const name = fc
      .array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 }), {
        minLength: 1,
        maxLength: 4,
      })
      .map((labels) => labels.join('.'));
    fc.assert(
      fc.property(pattern, name, (matchPattern, asked) => {
        const body = matchPattern
          .replace(/^\*\*\./, '')
          .replaceAll('.', '[.]')
          .replaceAll('*', '[ab]*');
        const lead = matchPattern.startsWith('**.') ? '([ab]+[.])+' : '';
        const expected = matchPattern === '*' || new RegExp(`^${lead}${body}$`).test(asked);
        expect(matchesFQDN({ matchPattern }, asked)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['', 'a..b', 'a.**.b', '**', 'a**.b', '**.', 'a b', '.a'])(
    'is not %j',
    (matchPattern) => {
      expect(fqdnProblem({ matchPattern })).toBeTypeOf('string');
    },
  );

  it('or a name, not both and not neither', () => {
    expect(fqdnProblem({})).toBeTypeOf('string');
    expect(fqdnProblem({ matchName: 'a', matchPattern: 'a' })).toBeTypeOf('string');
    expect(fqdnProblem({ matchName: '*.a' })).toBeTypeOf('string');
    expect(fqdnProblem({ matchName: 'a.example.org.' })).toBeUndefined();
  });
});

const cluster = new Cluster({ web: { app: 'web' } });
const origin = { path: 'p' };
const policies: PolicySpec[] = [
  {
    name: 'p',
    origin,
    endpointSelector: {},
    egress: [
      { fqdns: [{ matchPattern: '*.example.org' }, { matchName: 'example.net' }] },
      { cidr: ['198.51.100.0/24'], toPorts: [{ ports: [{ port: 53 }] }] },
    ],
  },
];
const bindings = [
  { name: 'www.example.org', addresses: ['192.0.2.1', '2001:db8::1'] },
  { name: 'ftp.example.org', addresses: ['192.0.2.2', '198.51.100.7'] },
  { name: 'example.net', addresses: ['192.0.2.2'] },
  { name: 'elsewhere.example', addresses: ['192.0.2.3'] },
];

function compiledWithNames() {
  const first = cluster.compile(policies);
  const named = nameAddresses(fqdnSelectors(policies), bindings, first.prefixes);
  const compiled = compilePolicy({
    policies,
    identities: [...cluster.identities, ...named.identities],
    subjects: [cluster.id('web')],
    node: { enforcement: 'default', allowLocalhost: false },
  });
  return { first, named, compiled };
}

describe('addresses with names', () => {
  const { first, named, compiled } = compiledWithNames();
  const identityAt = (address: string) =>
    named.rows.find((row) => row.address === address)?.identity ?? 0;
  const reach = (identity: number, port = 80) =>
    decide(
      compiled,
      { identity: cluster.id('web'), isLocal: true },
      { identity, isLocal: false },
      6,
      port,
    ).allowed;

  it('may be reached if a rule names them, and nothing else may', () => {
    const addresses = ['192.0.2.1', '2001:db8::1', '192.0.2.2', '198.51.100.7'];
    expect(addresses.map((address) => reach(identityAt(address)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(reach(cluster.id('world-ipv4'))).toBe(false);
    expect(cluster.decide(first, 'web', 'world-ipv4', 80).egress?.reason).toBe(
      'policy-default-deny',
    );
  });

  it('have no row when no rule asks for one of their names', () => {
    expect(named.rows.map(({ address }) => address)).not.toContain('192.0.2.3');
  });

  it('share an identity where the same selectors match, in the same prefix', () => {
    expect(identityAt('192.0.2.1')).not.toBe(identityAt('192.0.2.2'));
    expect(identityAt('192.0.2.1')).not.toBe(identityAt('198.51.100.7'));
    const again = nameAddresses(
      fqdnSelectors(policies),
      [...bindings, { name: 'x.example.org', addresses: ['192.0.2.77'] }],
      first.prefixes,
    );
    expect(again.rows.find(({ address }) => address === '192.0.2.77')?.identity).toBe(
      identityAt('192.0.2.1'),
    );
  });

  it('are still in the prefixes of rules', () => {
    const { id, labels } = named.identities.find(
      ({ id: one }) => one === identityAt('198.51.100.7'),
    )!;
    const terms = compiled.classTerms.get(compiled.classes.get(id) ?? 0);
    expect(terms).toEqual(['cidr 198.51.100.0/24', 'fqdn pattern:*.example.org']);
    expect(labels).toMatchObject({ 'reserved:world': '' });
  });

  it('find their class without a compile once somebody is of it', () => {
    expect(first.classOf(named.identities[0]!)).toBeUndefined();
    const { id, labels } = named.identities[0]!;
    expect(compiled.classOf({ id: id + 1, labels })).toBe(compiled.classes.get(id));
  });
});

describe('validation', () => {
  const codes = (spec: Partial<PolicySpec>) =>
    validatePolicies([{ name: 'p', origin, endpointSelector: {}, ...spec }], []).map((e) => e.code);
  const fqdns = [{ matchName: 'example.org' }];

  it('takes names in egress', () => {
    expect(codes({ egress: [{ fqdns }] })).toEqual([]);
  });

  it.each<[string, Partial<PolicySpec>]>([
    ['in ingress', { ingress: [{ fqdns }] }],
    ['to deny', { egressDeny: [{ fqdns }] }],
    ['to deny in a tier', { tier: 'Admin', priority: 0, egress: [{ action: 'Deny', fqdns }] }],
    ['that are none', { egress: [{ fqdns: [{ matchName: 'a b' }] }] }],
  ])('refuses them %s', (_, spec) => {
    expect(codes(spec)).toEqual(['PLB_INVALID_FQDN']);
  });
});
