import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { figure, renderReadme, renderTable } from '../../bench/table.js';

const root = join(import.meta.dirname, '../..');
let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'plumb-tooling-'));
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

/** A checkout that has what is listed and nothing else. */
function take(...paths: string[]): void {
  for (const path of paths) cpSync(join(root, path), join(checkout, path), { recursive: true });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(checkout, path)), { recursive: true });
  writeFileSync(join(checkout, path), text);
}

function node(...args: string[]) {
  return spawnSync(process.execPath, args, { cwd: checkout, encoding: 'utf8' });
}

describe('bin/plumb', () => {
  test('says in one line what to do when nothing is built', () => {
    take('bin', 'package.json');
    const result = node('bin/plumb', '--help');
    expect(result.status).toBe(1);
    expect(result.stderr).toBe('plumb: not built yet: run `make build` in the checkout\n');
  });
});

describe('finish-dist', () => {
  test('removes what was built from sources that are gone, and nothing else', () => {
    take('scripts/finish-dist.mjs', 'package.json');
    write('src/model/kept.ts', '');
    for (const name of ['kept', 'gone']) {
      for (const end of ['js', 'js.map', 'd.ts']) write(`dist/src/model/${name}.${end}`, '');
    }
    expect(node('scripts/finish-dist.mjs').status).toBe(0);
    for (const end of ['js', 'js.map', 'd.ts']) {
      expect(existsSync(join(checkout, `dist/src/model/kept.${end}`)), end).toBe(true);
      expect(existsSync(join(checkout, `dist/src/model/gone.${end}`)), end).toBe(false);
    }
  });
});

describe('ts-run', () => {
  test('runs a TypeScript file with its imports, its arguments and its own place', () => {
    take('scripts/ts-run.mjs', 'scripts/ts-hooks.mjs');
    write('package.json', '{ "type": "module" }');
    write(
      'a/main.ts',
      `import { twice } from './lib.js';\nconst n: number = Number(process.argv[2]);\nconsole.log(twice(n), import.meta.url.endsWith('/a/main.ts'));`,
    );
    write('a/lib.ts', 'export function twice(n: number): number {\n  return n * 2;\n}\n');
    linkModules();
    const result = node('scripts/ts-run.mjs', 'a/main.ts', '21');
    expect(result.stderr).toBe('');
    expect(result.stdout).toBe('42 true\n');
  });

  test('fails when the file fails, at the line of the source', () => {
    take('scripts/ts-run.mjs', 'scripts/ts-hooks.mjs');
    write('package.json', '{ "type": "module" }');
    write(
      'main.ts',
      `interface Gone {\n  a: string;\n}\nconst b: Gone = { a: 'x' };\nthrow new Error(b.a);\n`,
    );
    linkModules();
    const result = node('scripts/ts-run.mjs', 'main.ts');
    expect(result.status).not.toBe(0);
    expect(result.stderr).toContain('main.ts:5');
  });
});

describe('the table of benchmarks', () => {
  const row = { name: 'new identity', workload: '100 endpoints', unit: 'us', peer: 'C', runs: 5 };

  test('says which ratio was to reach and whether it was', () => {
    const text = renderTable([
      { ...row, value: 20, peerValue: 400, ratio: 20, reach: 10 },
      { ...row, value: 20, peerValue: 100, ratio: 5, reach: 10 },
    ]);
    const [, reached, missed] = text.split('\n');
    expect(reached).toMatch(/20x\s+10x\s+5$/);
    expect(missed).toMatch(/5\.00x\s+10x missed\s+5$/);
  });

  test('is in README as Markdown, a row for each claim about a benchmark that ran', () => {
    const measured = { ...row, value: 0.1, peerValue: 0.098, ratio: 0.98, name: 'plumb --help' };
    const plan = { ...measured, name: 'plumb plan' };
    const text = renderReadme({
      'cli/cold-plan': [measured, plan, { ...row, ...plan, name: 'x' }],
    });
    expect(text.split('\n')).toEqual([
      '| what                                            | here   | peer        | ratio |',
      '| ----------------------------------------------- | ------ | ----------- | ----- |',
      '| cold `plumb plan` of star-wars, with type check | 0.1 us | C: 0.098 us | 0.98x |',
      '| `plumb --help`                                  | 0.1 us | C: 0.098 us | 0.98x |',
    ]);
    expect(() => renderReadme({ 'cli/cold-plan': [measured] })).toThrow('0 rows of cli/cold-plan');
    expect(() => renderReadme({ 'cli/cold-plan': [measured, plan, plan] })).toThrow('2 rows');
  });

  test('writes figures with three significant digits, and large ones in full', () => {
    expect([0.10234, 35.12, 999.6, 1_500_000].map(figure)).toEqual([
      '0.102',
      '35.1',
      '1,000',
      '1,500,000',
    ]);
  });
});

function linkModules(): void {
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
}
