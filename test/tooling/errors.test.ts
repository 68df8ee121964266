import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Codes that the shipped sources can raise, sorted. */
function raised(): string[] {
  const codes = ['src', 'constructs', 'native'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(
        (path) =>
          /\.(ts|js|cjs|mjs|cc)$/.test(path) && !/(^|\/)(node_modules|build|dist)\//.test(path),
      )
      .flatMap(
        (path) =>
          readFileSync(join(root, folder, path), 'utf8').match(/\bPLB_[A-Z0-9_]*[A-Z0-9]\b/g) ?? [],
      ),
  );
  return [...new Set(codes)].sort();
}

/** One section of docs/errors.md: its code and the text below its heading. */
function sections(): [code: string, text: string][] {
  const text = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...lines] = section.split('\n');
      return [heading.replaceAll('`', '').trim(), lines.join('\n').trim()];
    });
}

describe('docs/errors.md', () => {
  test('has a section for every code that the sources raise, and for no other', () => {
    const codes = raised();
    expect(codes.length).toBeGreaterThan(0);
    expect(sections().map(([code]) => code)).toEqual(codes);
  });

  test.each(sections())('says what %s means and what to do', (_, text) => {
    expect(text).toMatch(/^\S[^\n]{20,}/);
    expect(text).toMatch(/^\*\*Do:\*\* \S[^\n]{10,}/m);
  });
});
