import { pure } from './folders.js';

const clock = 'the core reads no clock: take the time as an argument';
const chance = 'the core is deterministic: derive it from the input';
const outside = 'the core does no I/O: take it as an argument, or return it';

/** What modules cannot be seen to import: globals and parts of modules that reach outside the program. */
export const coreConfig = {
  files: [
    ...pure.filter((name) => name !== 'constructs').map((name) => `src/${name}/**/*.ts`),
    'constructs/**/*.ts',
  ],
  rules: {
    'no-restricted-globals': [
      'error',
      { name: 'Date', message: clock },
      { name: 'performance', message: clock },
      { name: 'crypto', message: chance },
      ...[
        'process',
        'fetch',
        'console',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'queueMicrotask',
      ].map((name) => ({ name, message: outside })),
    ],
    'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: chance }],
    'no-restricted-imports': [
      'error',
      ...['crypto', 'node:crypto'].map((name) => ({
        name,
        allowImportNames: ['createHash', 'hash'],
        message: chance,
      })),
    ],
  },
};
