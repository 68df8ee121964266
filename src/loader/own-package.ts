import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The constructs that belong to this very loader: beside it in dist, or as sources when it runs from
 * sources itself. Programs get these under the name `plumbline`, so that no second version of the
 * package can speak another dialect of the document.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const built = join(root, 'constructs/index.js');

/** What `plumbline` is when a program runs. */
export const CONSTRUCTS = existsSync(built) ? built : join(root, 'constructs/index.ts');

/** What `plumbline` is when a program is type-checked. */
export const CONSTRUCTS_TYPES = existsSync(built)
  ? join(root, 'constructs/index.d.ts')
  : CONSTRUCTS;

/** Source maps of the built package lead back to the sources it was built from. */
const roots = existsSync(built) ? [root, join(root, '..')] : [root];

/** Whether a file (absolute) is the program's own: not this package's, not a dependency's. */
export function isProgramFile(path: string): boolean {
  const ours = roots.flatMap((folder) => [join(folder, 'constructs'), join(folder, 'src')]);
  return !path.includes('/node_modules/') && !ours.some((folder) => path.startsWith(`${folder}/`));
}
