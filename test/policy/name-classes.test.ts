import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNameIdentity, NODE_IDENTITY_MIN } from '../../src/model/identity.js';
import type { FQDNSelectorSpec, PolicySpec } from '../../src/model/program.js';
import { compilePolicy } from '../../src/policy/compile.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { fqdnSelectors, nameAddresses, type NameBinding } from '../../src/policy/fqdn.js';
import { nameClasses, NameIndex, possibleNames } from '../../src/policy/name-classes.js';
import { matchesEntity } from '../../src/policy/peers.js';
import { decide } from '../../src/verdict/decide.js';
import { Cluster } from './worlds.js';

const cluster = new Cluster({ web: { app: 'web' } });

const SELECTORS: FQDNSelectorSpec[] = [
  { matchName: 'a.empire.test' },
  { matchName: 'b.empire.test' },
  { matchPattern: '*.empire.test' },
  { matchPattern: '**.test' },
  { matchPattern: '*.alliance.test' },
];
const NAMES = ['a.empire.test', 'b.empire.test', 'c.empire.test', 'x.alliance.test', 'd.e.test'];
const ADDRESSES = ['192.0.2.1', '192.0.2.2', '198.51.100.7', '2001:db8::1'];

/** A rule for each of these selectors, to a port of its own. */
function policiesOf(chosen: readonly number[], more: PolicySpec['egress'] = []): PolicySpec[] {
  const rules = chosen.map((i) => ({
    fqdns: [SELECTORS[i] ?? {}],
    toPorts: [{ ports: [{ port: 80 + i }] }],
  }));
  const egress = [...rules, ...more];
  return [{ name: 'p', origin: { path: 'p' }, endpointSelector: {}, egress }];
}

/** With those who are behind names, as they are possible or as they are known. */
function compileWith(
  policies: readonly PolicySpec[],
  identities: CompiledPolicy['identities'],
): CompiledPolicy {
  return compilePolicy({
    policies,
    identities: [...cluster.identities, ...identities],
    subjects: [cluster.id('web')],
    node: { enforcement: 'default', allowLocalhost: false },
  });
}

function compileAhead(policies: readonly PolicySpec[]): CompiledPolicy {
  const { prefixes } = cluster.compile(policies);
  return compileWith(policies, possibleNames(fqdnSelectors(policies), prefixes));
}

/** Class by address, as who learns names finds it. */
function learn(policies: readonly PolicySpec[], bindings: readonly NameBinding[]) {
  const selectors = fqdnSelectors(policies);
  const ahead = compileAhead(policies);
  const index = new NameIndex(nameClasses(selectors, ahead).classes);
  const { rows, identities } = nameAddresses(selectors, bindings, ahead.prefixes);
  const classes = new Map(identities.map((one) => [one.id, index.classOf(one.labels)] as const));
  return { ahead, classes: new Map(rows.map((row) => [row.address, classes.get(row.identity)])) };
}

const chosenRules = fc.uniqueArray(fc.constantFrom(...SELECTORS.keys()), { minLength: 1 });
const someBindings = (most: number) =>
  fc
    .array(fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: most }), { maxLength: 4 })
    .map((lists) =>
      lists.flatMap((names, i) => names.map((name) => ({ name, addresses: [ADDRESSES[i] ?? ''] }))),
    );
const PREFIX = [{ cidr: ['198.51.100.0/24', '203.0.113.0/24'] }, { entities: ['world' as const] }];

describe('classes of names', () => {
  it('are those of a compile that knows every address, with up to two names at one', () => {
    fc.assert(
      fc.property(chosenRules, fc.boolean(), someBindings(2), (chosen, more, bindings) => {
        const policies = policiesOf(chosen, more ? PREFIX : []);
        const { classes } = learn(policies, bindings);
        const { prefixes } = cluster.compile(policies);
        const named = nameAddresses(fqdnSelectors(policies), bindings, prefixes);
        const whole = compileWith(policies, named.identities);
        for (const { address, identity } of named.rows) {
          expect(classes.get(address)).toBe(whole.classes.get(identity));
        }
        expect(classes.size).toBe(named.rows.length);
      }),
      { numRuns: 60 },
    );
  });

  it('let through no more than a compile that knows every address, whatever is at one', () => {
    fc.assert(
      fc.property(chosenRules, someBindings(5), (chosen, bindings) => {
        const policies = policiesOf(chosen);
        const { ahead, classes } = learn(policies, bindings);
        const named = nameAddresses(fqdnSelectors(policies), bindings, ahead.prefixes);
        const whole = compileWith(policies, named.identities);
        const web = { identity: cluster.id('web'), isLocal: true };
        for (const { address, identity } of named.rows) {
          const id = classes.get(address);
          expect(id).toBeDefined();
          const like = [...ahead.classes].find(([, other]) => other === id)?.[0] ?? 0;
          for (let port = 80; port < 85; port++) {
            const learned = decide(ahead, web, { identity: like, isLocal: false }, 6, port);
            const known = decide(whole, web, { identity, isLocal: false }, 6, port);
            if (learned.allowed) expect(known.allowed).toBe(true);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are of identities in a range of their own, of which no entity of the cluster is', () => {
    const possible = possibleNames(SELECTORS, cluster.compile(policiesOf([0])).prefixes);
    expect(possible.length).toBeGreaterThan(SELECTORS.length);
    for (const identity of possible) {
      expect(isNameIdentity(identity.id)).toBe(true);
      expect(identity.id & NODE_IDENTITY_MIN).toBe(0);
      expect(matchesEntity('cluster', identity)).toBe(false);
      expect(matchesEntity('world', identity)).toBe(true);
    }
    expect(new Set(possible.map(({ id }) => id)).size).toBe(possible.length);
  });

  it('stay within bounds, however many names and prefixes rules have', () => {
    const fqdns = Array.from({ length: 300 }, (_, i) => ({ matchName: `n${String(i)}.test` }));
    const cidrs = Array.from({ length: 400 }, (_, i) => ({
      cidr: [`10.${String(i >> 8)}.${String(i & 255)}.0/24`],
    }));
    const policies = policiesOf([], [{ fqdns }, ...cidrs]);
    const { prefixes } = cluster.compile(policies);
    const possible = possibleNames(fqdns, prefixes);
    expect(possible.length).toBeLessThan(5000);
    // each name alone, in both families, is among them
    const { rows, identities } = nameAddresses(
      fqdns,
      fqdns
        .map(({ matchName: name }, i) => ({
          ...{ name, addresses: [`192.0.2.${String(i % 250)}`, `2001:db8::${i.toString(16)}`] },
        }))
        .slice(0, 250),
      prefixes,
    );
    expect(rows).toHaveLength(500);
    const labels = new Set(possible.map((one) => JSON.stringify(one.labels)));
    for (const one of identities) expect(labels).toContain(JSON.stringify(one.labels));
  });

  it('are none for names that no rule asks for', () => {
    const bindings = [{ name: 'evil.example', addresses: ['192.0.2.1', 'no address'] }];
    expect(learn(policiesOf([0, 2]), bindings).classes.size).toBe(0);
    expect(new NameIndex({}).classOf({ 'fqdn:name:a': '' })).toBeUndefined();
  });
});
