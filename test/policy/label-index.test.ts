import fc from 'fast-check';
import { expect, it } from 'vitest';
import { selectorKey } from '../../src/model/selector.js';
import { LabelIndex } from '../../src/policy/label-index.js';

const KEYS = ['app', 'tier', 'zone', 'unasked'];
const value = fc.constantFrom('a', 'b', 'c', '');
const labels = fc.dictionary(fc.constantFrom(...KEYS), value);
const asked = fc.dictionary(fc.constantFrom('app', 'tier', 'zone'), value, { minKeys: 1 });

it('signatures are equal exactly for labels that no term can tell apart', () => {
  fc.assert(
    fc.property(fc.array(asked), fc.array(labels), (terms, all) => {
      const index = new LabelIndex();
      const selectors = new Map(
        terms.map((matchLabels) => [selectorKey({ matchLabels }), { matchLabels }]),
      );
      for (const [key, selector] of selectors) index.add({ key, selector });
      const looked = new Set(terms.flatMap((term) => Object.keys(term)));
      const seen = (one: Record<string, string>) =>
        JSON.stringify(KEYS.filter((key) => looked.has(key)).map((key) => one[key] ?? null));
      for (const a of all) {
        for (const b of all) {
          expect(index.signatureOf(a) === index.signatureOf(b)).toBe(seen(a) === seen(b));
        }
        const keys: string[] = [];
        index.addHolding(a, keys);
        const holding = [...selectors].filter(([, { matchLabels }]) =>
          Object.entries(matchLabels).every(([key, text]) => a[key] === text),
        );
        expect(keys.sort()).toEqual(holding.map(([key]) => key).sort());
      }
    }),
  );
});
