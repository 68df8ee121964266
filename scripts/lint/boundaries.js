import { fileURLToPath } from 'node:url';
import boundaries from 'eslint-plugin-boundaries';
import {
  directions,
  doors,
  nativeDoor,
  nativeModules,
  patterns,
  processDoors,
  pure,
  pureModules,
  shells,
} from './folders.js';

const parts = Object.keys(directions);
// the pipeline in one file, src/engine.ts, belongs to the folder beside it, but only folders are elements
const element = (types) => [
  { element: { type: types } },
  ...([types].flat().includes('engine') ? [{ file: { categories: 'engine' } }] : []),
];
const core = (source) => ({ module: { origin: 'core', source } });
const external = (source) => ({ module: { origin: 'external', source } });
const either = (names) => names.flatMap((name) => [name, `node:${name}`]).join('|');
const except = (allowed) => parts.filter((part) => !allowed.includes(part));

// the last policy that matches decides
const policies = [
  ...parts.map((part) => ({
    from: element(part),
    allow: { to: element([part, ...directions[part]]) },
  })),
  ...shells.map((part) => ({
    from: element(part),
    allow: { to: element(parts), dependency: { kind: 'type' } },
  })),
  { from: element(parts), allow: { to: { module: { origin: ['external', 'core'] } } } },
  ...Object.entries(doors).map(([module, through]) => ({
    from: element(except(through)),
    disallow: { to: external(module) },
    message: `'${module}' comes in through ${through.join(' and ')} only`,
  })),
  {
    from: element(parts),
    disallow: { to: external(nativeModules) },
    message: `native packages come in through ${nativeDoor} only`,
  },
  {
    from: { element: { type: 'kernel' }, file: { categories: 'native-door' } },
    allow: { to: external(nativeModules) },
  },
  {
    from: element(pure),
    disallow: { to: core(`!(${either(pureModules)})`) },
    message: 'the core does no I/O: {{to.module.source}} is not for it',
  },
  {
    from: element(except(processDoors)),
    disallow: { to: core(`(${either(['child_process'])})`) },
    message: `processes are started in ${processDoors.join(' and ')} only`,
  },
];

/** Directions of dependency and one-door rules, over everything that is shipped. */
export const boundariesConfig = {
  files: ['src/**/*.ts', 'constructs/**/*.ts'],
  plugins: { boundaries },
  settings: {
    'import/resolver': { [fileURLToPath(new URL('resolver.cjs', import.meta.url))]: {} },
    'boundaries/root-path': fileURLToPath(new URL('../..', import.meta.url)),
    'boundaries/dependency-nodes': ['import', 'dynamic-import', 'require', 'export'],
    'boundaries/additional-dependency-nodes': [
      { selector: 'TSImportType > Literal', kind: 'type', name: 'import-type' },
    ],
    'boundaries/legacy-templates': false,
    'boundaries/files': [
      { category: 'native-door', pattern: nativeDoor },
      { category: 'engine', pattern: 'src/engine.ts' },
    ],
    'boundaries/elements': [
      ...parts.map((type) => ({ type, pattern: patterns[type], partialMatch: false })),
    ],
  },
  rules: {
    'boundaries/dependencies': ['error', { default: 'disallow', checkAllOrigins: true, policies }],
    'boundaries/no-unknown-files': 'error',
    'boundaries/no-unknown-dependencies': 'error',
  },
};
