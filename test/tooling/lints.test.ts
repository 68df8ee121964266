import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { LINTS } from '../../src/model/lint.js';

const page = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/lints.md'), 'utf8');

it('docs/lints.md has a section for every lint, in order, with its severity, and for no other', () => {
  const sections = [...page.matchAll(/^## (\S+)\n\n(Warning|Note)\./gm)].map(
    ([, code, severity]) => [code, severity?.toLowerCase()],
  );
  expect(sections).toEqual(Object.entries(LINTS).sort(([a], [b]) => (a < b ? -1 : 1)));
});
