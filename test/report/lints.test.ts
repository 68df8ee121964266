import { expect, it } from 'vitest';
import { lint } from '../../src/model/lint.js';
import { renderLints } from '../../src/report/lints.js';

const PLAIN = { colour: false, width: 60 };
const many = Array.from({ length: 9 }, (_, n) =>
  lint('PLL_WORLD', `rule ${String(n)} allows the world`, { path: 'web', line: n + 1 }, 'Name it.'),
);

it('lints are shown within the width, and many of one code are counted', () => {
  const any = lint('PLL_ANY_PEER', 'a long message '.repeat(8).trim(), { path: 'web' }, 'Say who.');
  const shown = renderLints([any, ...many], PLAIN);
  for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  expect(shown).toContain('lints  1 warning, 9 notes');
  expect(shown).toContain('rule 4 allows');
  expect(shown).not.toContain('rule 5 allows');
  expect(shown).toContain('and 4 lints more; --json has all');
});

it('silenced lints are counted alone, and none is nothing', () => {
  const ignored = { ...many[0]!, ignored: 'meant' };
  expect(renderLints([ignored], PLAIN)).toBe('lints  1 lint silenced');
  expect(renderLints([], PLAIN)).toBe('');
});
