import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Folders of test/ that touch no kernel: they run beside the others, which run one file at a time. */
const pure = [
  'model',
  'plugins',
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
    poolOptions: { forks: { minForks: 1, maxForks: 1 }, threads: { minThreads: 1, maxThreads: 1 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: pure,
          pool: 'threads',
          testTimeout: 30_000,
          hookTimeout: 30_000,
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
        },
      },
    ],
  },
});

function source(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
