// How eslint-plugin-boundaries finds the file that an import names: by the rule of this project's
// TypeScript, `./x.js` is `./x.ts`. Existence is the compiler's business, not lint's.
const path = require('node:path');
const { isBuiltin } = require('node:module');

exports.interfaceVersion = 2;

exports.resolve = (source, file) => {
  if (isBuiltin(source)) return { found: true, path: null };
  if (!source.startsWith('.')) return { found: false };
  return { found: true, path: path.resolve(path.dirname(file), source.replace(/\.js$/, '.ts')) };
};
