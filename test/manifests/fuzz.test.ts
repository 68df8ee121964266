import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import {
  CILIUM,
  errorsOf,
  failuresOf,
  GROUP,
  KUBERNETES,
  read,
  TIERS,
  WORKLOADS,
} from './documents.js';

const TEXTS = [CILIUM, KUBERNETES, TIERS, WORKLOADS, GROUP];
const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ': ',
    '- ',
    '---\n',
    '\n',
    '  ',
    '"',
    "'",
    '&a ',
    '*a',
    '<<: ',
    '!!',
    '#',
  ],
  ...['null', '~', '0', '-1', '1e99', '.nan', 'yes', '\t', '__proto__: {}', 'kind: Pod', '\0', '?'],
];

type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

/** Members that have keys of the user's own. */
const FREE = /^(labels|matchLabels|annotations|selector)$/;

/** Every object in a value that has fields, not keys of the user's own. */
function objectsIn(value: Value, name = ''): { [key: string]: Value }[] {
  if (Array.isArray(value)) return value.flatMap((item) => objectsIn(item));
  if (typeof value !== 'object' || value === null || FREE.test(name)) return [];
  return [value, ...Object.entries(value).flatMap(([key, member]) => objectsIn(member, key))];
}

describe('documents that were mangled', () => {
  it('are read, or refused in words for users', () => {
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      drop: fc.nat(12),
      put: fc.oneof(fc.constantFrom('', ...PIECES), fc.string({ maxLength: 6 })),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...TEXTS),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        (text, edits) => {
          const mangled = edits.reduce((all, { at, drop, put }) => {
            const start = Math.floor(at * all.length);
            return all.slice(0, start) + put + all.slice(start + drop);
          }, text);
          for (const { code, hint } of failuresOf(() => read(mangled))) {
            expect(code).toMatch(/^PLB_/);
            expect(hint).not.toBe('');
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('are never accepted with a field that nobody knows', () => {
    const documents = TEXTS.flatMap((text) =>
      parseAllDocuments(text).map((one) => one.toJS() as Value),
    );
    fc.assert(
      fc.property(fc.constantFrom(...documents), fc.nat(), (document, n) => {
        const copy = structuredClone(document);
        const objects = objectsIn(copy);
        const chosen = objects[n % objects.length];
        if (chosen === undefined) throw new Error('a document has no object');
        chosen['surprise'] = 'x';
        const errors = errorsOf(stringify(copy));
        expect(errors).toContainEqual(expect.stringMatching(/^PLB_MANIFEST_FIELD .*surprise/));
      }),
      { numRuns: 1000 },
    );
  });
});
