import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REASONS } from '../../src/state/layout.js';

test('docs/observability.md says what each reason means, and of no other', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/observability.md'), 'utf8');
  const [, section = ''] = text.split(/^### Reasons$/m);
  const cells = section.split(/^### /m)[0]!.match(/^\| `[^|]*/gm) ?? [];
  const told = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  expect(told.sort()).toEqual(Object.keys(REASONS).sort());
});
