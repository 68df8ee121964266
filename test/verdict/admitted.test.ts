import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Labels, SelectorSpec } from '../../src/model/program.js';
import { matchesSelector } from '../../src/model/selector.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { asksForReserved } from '../../src/policy/peers.js';
import { PolicyParser } from '../../src/policy/policy-set.js';
import { admittedDelta } from '../../src/verdict/admitted-delta.js';
import { witnessesOf, witnessText } from '../../src/verdict/admitted.js';
import { verdictDelta, type VerdictChange } from '../../src/verdict/delta.js';
import {
  FIRST,
  identitiesOf,
  policies,
  subjectsOf,
  world,
  type PolicyWorld,
} from '../policy/arbitraries.js';
import { selector } from '../policy/arbitrary-rules.js';
import { judgeNaively, type End } from '../policy/naive.js';

/** Every set of labels that selectors of tests can tell apart. */
const UNIVERSE: Labels[] = ['app', 'env', 'tier'].reduce<Labels[]>(
  (all, key) =>
    all.flatMap((labels) =>
      [undefined, 'a', 'b', 'c', 'z'].map((value) =>
        value === undefined ? labels : { ...labels, [key]: value },
      ),
    ),
  [{}],
);

function matchedBy(labels: Labels, selectors: readonly SelectorSpec[]): number[] {
  return selectors.flatMap((one, n) => (matchesSelector(one, labels) ? [n] : []));
}

/** Every combination that some labels satisfy, by trying all of them. */
function combinations(selectors: readonly SelectorSpec[]): string[] {
  return [...new Set(UNIVERSE.map((labels) => matchedBy(labels, selectors).join()))].sort();
}

const selectors = fc.array(selector, { maxLength: 6 });

describe('witnesses', () => {
  it('are one for each combination of selectors that any labels satisfy, and satisfy it', () => {
    fc.assert(
      fc.property(selectors, (some) => {
        const { witnesses, isComplete } = witnessesOf(some, 1000);
        expect(isComplete).toBe(true);
        for (const { labels, matched } of witnesses) {
          expect(matched).toEqual(matchedBy(labels, some));
        }
        expect(witnesses.map(({ matched }) => matched.join()).sort()).toEqual(combinations(some));
      }),
      { numRuns: 300 },
    );
  });

  it('are those that one of the wanted selectors matches', () => {
    fc.assert(
      fc.property(selectors, fc.nat(5), (some, n) => {
        const { witnesses } = witnessesOf(some, 1000, [n]);
        const wanted = combinations(some).filter((all) => all.split(',').includes(String(n)));
        expect(witnesses.map(({ matched }) => matched.join()).sort()).toEqual(wanted);
      }),
    );
  });

  it('are no more than is asked for, and it is told when that is not all', () => {
    fc.assert(
      fc.property(selectors, (some) => {
        const { witnesses, isComplete } = witnessesOf(some, 3);
        expect(witnesses.length).toBeLessThanOrEqual(3);
        if (isComplete) expect(witnesses).toHaveLength(combinations(some).length);
        for (const { labels, matched } of witnesses) {
          expect(matched).toEqual(matchedBy(labels, some));
        }
      }),
    );
  });

  it('are told by the selectors that say most', () => {
    const some: SelectorSpec[] = [
      {},
      { matchLabels: { org: 'empire' } },
      { matchLabels: { org: 'empire', class: 'deathstar' } },
      { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['x', 's'] }] },
    ];
    expect(witnessText({ labels: {}, matched: [0, 1, 2] }, some)).toBe(
      '{class=deathstar,org=empire}',
    );
    expect(witnessText({ labels: {}, matched: [0, 1, 3] }, some)).toBe(
      '{org=empire} and {app not in (s,x)}',
    );
    expect(witnessText({ labels: {}, matched: [0] }, some)).toBe('');
  });
});

/** A world with somebody whom nobody is: numbers from 60,000. */
function compileWith(one: PolicyWorld, more: readonly Labels[]) {
  const nobody = more.map((labels, n) => ({ id: 60_000 + n, labels }));
  return compilePolicy({
    policies: one.policies,
    identities: [...identitiesOf(one), ...nobody],
    subjects: [...subjectsOf(one), ...nobody.map(({ id }) => id)],
    node: one.node,
  });
}

function selectorsOf(one: PolicyWorld): SelectorSpec[] {
  const parser = new PolicyParser(identitiesOf(one));
  const all = parser
    .parse(one.policies)
    .flat()
    .flatMap(({ spec, rules }) => [
      ...(spec.endpointSelector === undefined ? [] : [spec.endpointSelector]),
      ...rules.flatMap(({ peers = [] }) =>
        peers.flatMap((peer) => (peer.kind === 'endpoints' ? [peer.selector] : [])),
      ),
    ]);
  return all.filter((asked) => !asksForReserved(asked));
}

const PROBES = [
  ...[1, 80, 81, 443, 65_535].map((port) => ({ protocol: 6, port })),
  { protocol: 17, port: 53 },
  { protocol: 1, port: 8 << 8 },
  { protocol: 47, port: 0 },
];

const OPENING = new Map([
  ['opened', true],
  ['closed', false],
]);

/** Whether changes between two groups open, or close, a port; undefined for neither. */
function toldAt(changes: readonly VerdictChange[], protocol: number, port: number) {
  const named = new Set(changes.map(({ ports }) => ports.protocol));
  const here = changes.find(
    ({ kind, ports }) =>
      OPENING.has(kind) &&
      (ports.protocol === 0
        ? !named.has(protocol)
        : ports.protocol === protocol && ports.from <= port && port <= ports.to),
  );
  return here === undefined ? undefined : OPENING.get(here.kind);
}

describe('the delta for those whom nobody is', () => {
  const change = fc.tuple(world, policies, fc.shuffledSubarray(UNIVERSE, { maxLength: 6 }));

  it('tells what changes for anybody whom selectors can mean, and nothing else', () => {
    fc.assert(
      fc.property(change, ([old, nextPolicies, newcomers]) => {
        const next = { ...old, policies: nextPolicies };
        const asked = [...selectorsOf(old), ...selectorsOf(next)];
        const found = witnessesOf(asked, 5000);
        expect(found.isComplete).toBe(true);
        // Those of the newcomers alone: all of them with each other would take long.
        const met = new Set(newcomers.map((labels) => matchedBy(labels, asked).join()));
        const witnesses = found.witnesses.filter(({ matched }) => met.has(matched.join()));
        expect(witnesses).toHaveLength(met.size);
        const all = witnesses.map(({ labels }) => labels);
        const [before, after] = [compileWith(old, all), compileWith(next, all)];
        const nobody = new Map(witnesses.map(({ matched }, n) => [matched.join(), 60_000 + n]));
        const told = admittedDelta(before, after, new Set(nobody.values()), [false, false]);
        const present = verdictDelta(compileWith(old, []), compileWith(next, []));
        const naively = (from: End, to: End, protocol: number, port: number) => {
          const packet = { from, to, protocol, port };
          const was = judgeNaively(old.policies, old.node, packet).allowed;
          const is = judgeNaively(next.policies, next.node, packet).allowed;
          return was === is ? undefined : is;
        };
        for (const labels of newcomers) {
          const id = nobody.get(matchedBy(labels, asked).join())!;
          for (const isLocal of [false, true]) {
            const somebody: End = { kind: 'endpoint', labels, isLocal };
            old.endpoints.forEach((own, n) => {
              if (n >= old.local && !isLocal) return;
              const other: End = { kind: 'endpoint', labels: own, isLocal: n < old.local };
              for (const isSender of [true, false]) {
                const [mine, theirs]: ['from', 'to'] | ['to', 'from'] = isSender
                  ? (['from', 'to'] as const)
                  : (['to', 'from'] as const);
                const isOther = (c: VerdictChange) => c[theirs].identities.includes(FIRST + n);
                const own = told.filter(
                  (c) =>
                    c[mine].identities[0] === id &&
                    c[mine].seats[1].isLocal === isLocal &&
                    isOther(c),
                );
                const like = present.filter(isOther);
                for (const { protocol, port } of PROBES) {
                  const from: End = isSender ? somebody : other;
                  const to: End = isSender ? other : somebody;
                  const expected = naively(from, to, protocol, port);
                  const said = toldAt(own, protocol, port);
                  if (said !== undefined && said !== expected) {
                    expect.fail(
                      `${JSON.stringify([from, to, protocol, port])}: told ${String(said)}`,
                    );
                  }
                  if (said === expected || expected === undefined) continue;
                  // Then it is told of somebody who exists, or of the same who is elsewhere.
                  const others = [...like, ...told.filter((c) => isOther(c))];
                  const isTold = others.some((c) => toldAt([c], protocol, port) === expected);
                  if (!isTold) {
                    expect.fail(`${JSON.stringify([from, to, protocol, port])}: nothing is told`);
                  }
                }
              }
            });
          }
        }
      }),
      { numRuns: 20 },
    );
  });
});
