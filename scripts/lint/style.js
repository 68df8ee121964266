import { nativeDoor } from './folders.js';

const noDefault = {
  selector: 'ExportDefaultDeclaration',
  message: 'no default exports: a thing has one name everywhere',
};
const noBarrel = {
  selector: 'ExportAllDeclaration, ExportNamedDeclaration[source]',
  message: 'no barrels: import from the file that declares it',
};
const noAddon = {
  selector: 'Literal[value=/\\.node$/]',
  message: `native code comes in through ${nativeDoor} only`,
};
const noShell = [
  {
    selector: 'ImportSpecifier[imported.name=/^exec(Sync)?$/]',
    message: 'no shell: what comes from a program may be in the text; use execFile or spawn',
  },
  {
    selector: 'Property[key.name="shell"]',
    message: 'no shell: give arguments as a list',
  },
];

/** @param {...object} restrictions */
const restrict = (...restrictions) => ({ 'no-restricted-syntax': ['error', ...restrictions] });

/** Size and shape of modules. */
export const styleConfigs = [
  {
    files: ['**/*.{ts,js,mjs,cjs}'],
    rules: { 'max-lines': ['error', 350], eqeqeq: 'error', ...restrict(noDefault, noBarrel) },
  },
  {
    files: ['src/**/*.ts', 'constructs/**/*.ts'],
    rules: restrict(noDefault, noBarrel, noAddon, ...noShell),
  },
  { files: [nativeDoor], rules: restrict(noDefault, noBarrel, ...noShell) },
  // other people import from these; they alone hand on what other files declare
  { files: ['constructs/index.ts', 'src/testing/index.ts'], rules: restrict(noDefault, noAddon) },
  { files: ['native/*/index.{js,d.ts}'], rules: restrict(noDefault) },
  // tools ask for a default export here
  { files: ['src/cli/commands/**/*.ts'], rules: restrict(noBarrel, noAddon, ...noShell) },
  { files: ['*.config.{js,ts}', 'examples/**/*.ts'], rules: restrict(noBarrel) },
];
