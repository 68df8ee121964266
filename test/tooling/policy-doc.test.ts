import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as plumbline from 'plumbline';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/policy.md'), 'utf8');

describe('docs/policy.md', () => {
  test('names tests that there are', () => {
    const named = [...text.matchAll(/`([a-z0-9-]+\/[a-z0-9.-]+\.test\.ts)`/g)].map((m) => m[1]!);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((path) => !existsSync(join(root, 'test', path)))).toEqual([]);
  });

  test('names constructs that there are', () => {
    const named = [...text.matchAll(/`([A-Z][A-Za-z]+)`/g)].map((m) => m[1]!);
    const constructs = named.filter((name) => /(Policy|Group|Namespace)$/.test(name));
    expect(constructs.length).toBeGreaterThan(3);
    expect(constructs.filter((name) => !(name in plumbline))).toEqual([]);
  });
});
