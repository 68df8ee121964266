import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The pool of processes starts them by this path. Threads, and what tests start, have their own.
process.execPath = source('test/own-kernel-view.sh');

/** Folders of test/ that touch no kernel: they run beside the others. */
const pure = [
  'model',
  'cli',
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
    poolOptions: { forks: { minForks: 1, maxForks: 2 }, threads: { minThreads: 1, maxThreads: 1 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: [...pure, 'examples/**/*.test.ts'],
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
          // a process of its own for each file, each with a view of the kernel of its own
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
