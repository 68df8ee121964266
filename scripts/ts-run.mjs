// Runs a TypeScript file of this checkout as it stands: node scripts/ts-run.mjs FILE.ts [ARGUMENT...]
// Node 20 does not read TypeScript; each module is stripped of its types as it is loaded, so
// import.meta.url is the source's own.
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('usage: node scripts/ts-run.mjs FILE.ts [ARGUMENT...]\n');
  process.exit(1);
}
register('./ts-hooks.mjs', import.meta.url);
process.setSourceMapsEnabled(true);
process.argv = [process.argv0, resolve(file), ...rest];
await import(pathToFileURL(resolve(file)).href);
