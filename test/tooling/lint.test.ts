import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, test } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;

// the project's own configuration; what needs types is off, since the snippets are in no program
const eslint = new ESLint({ cwd: root, overrideConfig: tseslint.configs.disableTypeChecked });

/** Rules that fire on `code`, if it stood in `file`. */
async function fires(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath: `${root}${file}` });
  const messages = result?.messages ?? [];
  expect(messages.filter((m) => m.fatal)).toEqual([]);
  return [...new Set(messages.map((m) => m.ruleId ?? ''))];
}

/** What each part may call, as ARCHITECTURE.md and the design state it; written here a second time on purpose. */
const allowed: Record<string, string> = {
  constructs: 'model',
  'src/model': '',
  'src/state': 'model',
  'src/policy': 'model',
  'src/synth': 'model constructs policy state',
  'src/plan': 'model state',
  'src/verdict': 'model policy',
  'src/report': 'model state plan verdict',
  'src/loader': 'model',
  'src/kernel': 'model state plan proxy',
  'src/apply': 'model state plan kernel',
  'src/engine': 'model constructs state policy synth plan verdict report loader kernel apply proxy',
  'src/cli': 'model report engine',
};
const parts = Object.keys(allowed);

/** Import path of a file of `to` from a file of `from`. */
function path(from: string, to: string): string {
  const up = from.split('/').map(() => '..');
  return `${[...up, to].join('/')}/thing.js`;
}

describe('the directions of dependency', () => {
  for (const from of parts) {
    const may = [...(allowed[from] ?? '').split(' ').map((name) => name), from.replace('src/', '')];
    for (const to of parts.filter((part) => part !== from)) {
      const free = may.includes(to.replace('src/', ''));
      test(`${from} ${free ? 'may' : 'must not'} import ${to}`, async () => {
        const rules = await fires(
          `${from}/snippet.ts`,
          `import { a } from '${path(from, to)}';\na();`,
        );
        expect(rules).toEqual(free ? [] : ['boundaries/dependencies']);
      });
    }
  }

  test('hold for files in folders of folders', async () => {
    const code = `import { a } from '../../policy/thing.js';\na();`;
    expect(await fires('src/state/kinds/snippet.ts', code)).toEqual(['boundaries/dependencies']);
  });

  test.each([
    `import type { A } from '../kernel/thing.js';\nexport type B = A;`,
    `export type B = import('../kernel/thing.js').A;`,
    `export const b = import('../kernel/thing.js');`,
  ])('hold for every way to import: %s', async (code) => {
    expect(await fires('src/plan/snippet.ts', code)).toContain('boundaries/dependencies');
  });

  test('let the command line name the types of anything', async () => {
    const code = `import type { A } from '../kernel/thing.js';\nexport type B = A;`;
    expect(await fires('src/cli/snippet.ts', code)).toEqual([]);
  });

  test('let no part import the pipeline from below, nor the pipeline the command line', async () => {
    const below = `import { a } from '../engine.js';\na();`;
    expect(await fires('src/kernel/snippet.ts', below)).toEqual(['boundaries/dependencies']);
    expect(await fires('src/cli/snippet.ts', below)).toEqual([]);
    const above = `import { a } from './cli/thing.js';\na();`;
    expect(await fires('src/engine.ts', above)).toEqual(['boundaries/dependencies']);
  });

  test('know every folder of src', async () => {
    expect(await fires('src/elsewhere/snippet.ts', 'export const a = 1;')).toEqual([
      'boundaries/no-unknown-files',
    ]);
  });
});

describe('one door each', () => {
  const doors: [module: string, door: string][] = [
    ['typescript', 'src/loader/snippet.ts'],
    ['esbuild', 'src/loader/snippet.ts'],
    ['json-diff-ts', 'src/plan/snippet.ts'],
    ['libbpf-napi', 'src/kernel/native.ts'],
    ['iproute2-netlink', 'src/kernel/native.ts'],
    ['@oclif/core', 'src/cli/snippet.ts'],
    ['@oclif/core/flags', 'src/cli/snippet.ts'],
    ['etcd3', 'src/agent/snippet.ts'],
    ['node:child_process', 'src/loader/snippet.ts'],
    ['child_process', 'src/cli/snippet.ts'],
  ];
  test.each(doors)("'%s' comes in through %s", async (module, door) => {
    const code = `import { a } from '${module}';\na();`;
    expect(await fires(door, code)).toEqual([]);
    for (const other of ['src/kernel/snippet.ts', 'src/synth/snippet.ts', 'src/engine.ts']) {
      expect(await fires(other, code)).toContain('boundaries/dependencies');
    }
  });
});

test('compiled addons are loaded in src/kernel/native.ts alone', async () => {
  const code = `process.dlopen({}, './build/addon.node');`;
  expect(await fires('src/kernel/native.ts', code)).toEqual([]);
  expect(await fires('src/kernel/snippet.ts', code)).toEqual(['no-restricted-syntax']);
});

test.each([
  `import { exec } from 'node:child_process';\nexec('true');`,
  `import { execSync as run } from 'node:child_process';\nrun('true');`,
  `import { spawn } from 'node:child_process';\nspawn('true', [], { shell: true });`,
])('no shell is started anywhere: %s', async (code) => {
  for (const file of ['src/loader/snippet.ts', 'src/cli/commands/snippet.ts']) {
    expect(await fires(file, code)).toEqual(['no-restricted-syntax']);
  }
});

describe('the functional core', () => {
  const core = [
    'constructs',
    ...'model policy state synth plan verdict report'.split(' ').map((p) => `src/${p}`),
  ];

  test.each([
    ['reads no files', `import { readFileSync } from 'node:fs';\nreadFileSync('x');`],
    [
      'reads no files without the prefix',
      `import { readFile } from 'fs/promises';\nvoid readFile('x');`,
    ],
    ['opens no sockets', `import { connect } from 'node:net';\nconnect(1);`],
    ['starts no processes', `import { spawn } from 'node:child_process';\nspawn('x');`],
    ['asks nothing of the machine', `import { hostname } from 'node:os';\nhostname();`],
    ['reads no clock', 'export const now = Date.now();'],
    ['makes no dates', 'export const now = new Date();'],
    ['measures no time', 'export const now = performance.now();'],
    ['throws no dice', 'export const n = Math.random();'],
    ['makes no random bytes', `import { randomBytes } from 'node:crypto';\nrandomBytes(1);`],
    ['sees no environment', 'export const path = process.env;'],
  ])('%s', async (_, code) => {
    for (const folder of core)
      expect(await fires(`${folder}/snippet.ts`, code), folder).not.toEqual([]);
    expect(
      await fires('src/apply/snippet.ts', code).then((r) =>
        r.filter((rule) => /restricted/.test(rule)),
      ),
    ).toEqual([]);
  });

  test('may hash', async () => {
    const code = `import { createHash } from 'node:crypto';\ncreateHash('sha256');`;
    for (const folder of core)
      expect(await fires(`${folder}/snippet.ts`, code), folder).toEqual([]);
  });
});

describe('modules', () => {
  test('have no default export, except where a tool asks for one', async () => {
    const code = 'export default class A {\n  b = 1;\n}';
    expect(await fires('src/model/snippet.ts', code)).toEqual(['no-restricted-syntax']);
    expect(await fires('src/cli/commands/snippet.ts', code)).toEqual([]);
  });

  test('hand on nothing of other modules, except the published entry points', async () => {
    for (const code of [`export * from './b.js';`, `export { b } from './b.js';`]) {
      expect(await fires('src/model/snippet.ts', code)).toEqual(['no-restricted-syntax']);
      expect(await fires('constructs/index.ts', code)).toEqual([]);
    }
  });

  test('are at most 350 lines long', async () => {
    const lines = (count: number) =>
      Array.from({ length: count }, (_, i) => `export const a${i} = ${i};`).join('\n');
    expect(await fires('src/model/snippet.ts', lines(351))).toEqual(['max-lines']);
    expect(await fires('src/model/snippet.ts', lines(350))).toEqual([]);
  });
});
