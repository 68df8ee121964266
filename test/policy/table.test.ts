import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAST_PORT } from '../../src/model/port.js';
import {
  lookup,
  makeTable,
  type Contribution,
  type TableEntry,
  type TableVerdict,
} from '../../src/policy/table.js';

const noListener = (): number => {
  throw new Error('there is no rule of layer 7');
};

const PROTOCOLS = [0, 1, 6, 17] as const;
const EDGES = [0, 1, 2, 79, 80, 81, 255, 256, 1023, 1024, 32_767, 32_768, 65_534, 65_535];
const port = fc.oneof(fc.constantFrom(...EDGES), fc.integer({ min: 0, max: LAST_PORT }));

const range = fc
  .tuple(fc.constantFrom(...PROTOCOLS), port, port)
  .map(([protocol, a, b]) =>
    protocol === 0
      ? { protocol, from: 0, to: LAST_PORT }
      : { protocol, from: Math.min(a, b), to: Math.max(a, b) },
  );
const contributions: fc.Arbitrary<Contribution[]> = fc.array(
  fc.record({ deny: fc.boolean(), ranges: fc.array(range, { maxLength: 3 }) }),
  { maxLength: 5 },
);

/** Denial, else permission, else the default: read from the rules, port by port. */
function judge(rules: readonly Contribution[], open: boolean, protocol: number, at: number) {
  const covering = rules.filter(({ ranges }) =>
    ranges.some((r) => r.protocol === 0 || (r.protocol === protocol && r.from <= at && at <= r.to)),
  );
  if (covering.some(({ deny }) => deny)) return 'deny';
  return covering.length > 0 || open ? 'allow' : 'default-deny';
}

/** Every port at which a rule begins or ends, and those on both sides of it. */
function interesting(rules: readonly Contribution[]): number[] {
  const ends = rules.flatMap(({ ranges }) => ranges.flatMap(({ from, to }) => [from, to]));
  const around = [...ends, ...EDGES].flatMap((end) => [end - 1, end, end + 1]);
  return [...new Set(around)].filter((at) => at >= 0 && at <= LAST_PORT);
}

const table = (rules: readonly Contribution[], open = false) => {
  const end = open ? 'open' : 'isolated';
  return makeTable(rules, { judged: end, enforced: end }, noListener);
};
const tcp = (from: number, to = from, deny = false): Contribution => ({
  deny,
  ranges: [{ protocol: 6, from, to }],
});
const everything = (deny: boolean): Contribution => ({
  deny,
  ranges: [{ protocol: 0, from: 0, to: LAST_PORT }],
});
const texts = (entries: readonly TableEntry[]) =>
  entries.map(({ protocol, port: at, bits, verdict }) =>
    bits === undefined ? `any ${verdict}` : `${protocol}:${at}/${bits} ${verdict}`,
  );

describe('a table', () => {
  it('says at every port what its rules say', () => {
    fc.assert(
      fc.property(contributions, fc.boolean(), port, (rules, open, random) => {
        const entries = table(rules, open);
        for (const protocol of [1, 6, 17, 132]) {
          for (const at of [...interesting(rules), random]) {
            expect(lookup(entries, protocol, at)?.verdict).toBe(judge(rules, open, protocol, at));
          }
        }
      }),
    );
  });

  it('is the same whatever the order of the rules and of their ranges', () => {
    const shuffled = contributions.chain((rules) =>
      fc.tuple(
        fc.constant(rules),
        fc.shuffledSubarray(rules, { minLength: rules.length, maxLength: rules.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, fc.boolean(), ([rules, others], open) => {
        const turned = others.map(({ deny, ranges }) => ({ deny, ranges: [...ranges].reverse() }));
        expect(table(turned, open)).toEqual(table(rules, open));
      }),
    );
  });

  it('is the same for rules that say the same in other pieces', () => {
    expect(table([tcp(80, 89), tcp(90, 99)])).toEqual(table([tcp(80, 99)]));
    expect(table([tcp(80, 99), tcp(85)])).toEqual(table([tcp(80, 99)]));
  });

  it('has no entry that could be left out', () => {
    fc.assert(
      fc.property(contributions, fc.boolean(), (rules, open) => {
        const entries = table(rules, open);
        for (const entry of entries.slice(1)) {
          const rest = entries.filter((other) => other !== entry);
          const without = lookup(rest, entry.protocol, entry.port)?.verdict;
          expect(without).not.toBe(entry.verdict);
        }
      }),
    );
  });

  it('has no two entries for one key', () => {
    fc.assert(
      fc.property(contributions, fc.boolean(), (rules, open) => {
        const keys = table(rules, open).map(({ protocol, port: at, bits }) =>
          [protocol, at, bits].join(' '),
        );
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  it.each<[string, Contribution[], string[]]>([
    ['no rules', [], ['any default-deny']],
    ['one port', [tcp(80)], ['any default-deny', '6:80/16 allow']],
    ['all ports of a protocol', [tcp(0, LAST_PORT)], ['any default-deny', '6:0/0 allow']],
    ['a block of ports', [tcp(1024, 2047)], ['any default-deny', '6:1024/6 allow']],
    [
      'a range that is no block',
      [tcp(80, 83), tcp(84)],
      ['any default-deny', '6:80/14 allow', '6:84/16 allow'],
    ],
    [
      'a denied port in an allowed everything',
      [everything(false), tcp(80, 80, true)],
      ['any allow', '6:80/16 deny'],
    ],
    ['a denial of everything', [everything(true), tcp(80)], ['any deny']],
    [
      'a port that is allowed and denied',
      [tcp(80), tcp(80, 80, true)],
      ['any default-deny', '6:80/16 deny'],
    ],
  ])('of %s is minimal', (_, rules, expected) => {
    expect(texts(table(rules))).toEqual(expected);
  });

  it('takes at most 30 entries for any one range', () => {
    expect(table([tcp(1, 65_534)])).toHaveLength(1 + 30);
  });

  it('of an open direction allows what nobody denies', () => {
    const verdicts: (TableVerdict | undefined)[] = [80, 81].map(
      (at) => lookup(table([tcp(80, 80, true)], true), 6, at)?.verdict,
    );
    expect(verdicts).toEqual(['deny', 'allow']);
  });
});
