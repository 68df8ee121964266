import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const src = join(resolve(import.meta.dirname, '../..'), 'src');

it('no process is started by way of a shell, so that no value of a program can reach one', () => {
  const starters = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path, readFileSync(join(src, path), 'utf8')] as const)
    .filter(([, text]) => text.includes('node:child_process'));
  expect(starters.length).toBeGreaterThan(0);
  for (const [path, text] of starters) {
    expect(text, path).not.toMatch(/\bshell:|(?<!\.)\bexec\(|\bexecSync\(|'(ba|da)?sh'/);
  }
});
