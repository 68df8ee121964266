import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Folders of test/ that touch no kernel: they share the processors. All others run one file at a time. */
const pure = [
  'model',
  'constructs',
  'engine',
  'loader',
  'manifests',
  'policy',
  'state',
  'synth',
  'plan',
  'verdict',
  'lint',
  'report',
  'testing',
  'tooling',
].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  resolve: {
    alias: [
      { find: /^plumbline$/, replacement: source('constructs/index.ts') },
      { find: /^plumbline\/testing$/, replacement: source('src/testing/index.ts') },
    ],
  },
  test: {
    reporters: process.env['CI'] === undefined ? ['default'] : [['default', { summary: false }]],
    poolOptions: { forks: { minForks: 1, maxForks: 1 }, threads: { minThreads: 1, maxThreads: 2 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: pure,
          pool: 'threads',
          testTimeout: 20_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'kernel',
          include: ['test/**/*.test.ts'],
          exclude: pure,
          // a process of its own for each file, one after the other: there is one kernel
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

function source(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
