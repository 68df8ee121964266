import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The constructs that belong to this very loader: beside it in dist, or as sources when it runs from
 * sources itself. Programs get these under the name `plumbline`, so that no second version of the
 * package can speak another dialect of the document.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const built = join(root, 'constructs/index.js');
// Not existsSync: access(2) goes by modes alone.
const isBuilt = statSync(built, { throwIfNoEntry: false }) !== undefined;

/** What `plumbline` is when a program runs. */
export const CONSTRUCTS = isBuilt ? built : join(root, 'constructs/index.ts');

/** What `plumbline` is when a program is type-checked. */
export const CONSTRUCTS_TYPES = isBuilt ? join(root, 'constructs/index.d.ts') : CONSTRUCTS;

/** What runs in the sandbox that type-checks and bundles: compiled, also when this file runs from its source. */
export const COMPILER = join(root, isBuilt ? '' : 'dist', 'src/loader/compiler.js');

/** The directory that has this package and what it depends on. */
export function ownTree(): string {
  const [before = '', ...after] = root.split('/node_modules/');
  if (after.length > 0) return join(before, 'node_modules');
  return resolve(root, isBuilt ? '..' : '.');
}

/** Source maps of the built package lead back to the sources it was built from. */
const roots = isBuilt ? [root, join(root, '..')] : [root];

/** Whether a file (absolute) is the program's own: not this package's, not a dependency's. */
export function isProgramFile(path: string): boolean {
  const ours = roots.flatMap((folder) => [join(folder, 'constructs'), join(folder, 'src')]);
  return !path.includes('/node_modules/') && !ours.some((folder) => path.startsWith(`${folder}/`));
}
