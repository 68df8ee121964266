import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The directory of this package, from the sources and from `dist/`. */
export function packageRoot(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json')) && directory !== dirname(directory)) {
    directory = dirname(directory);
  }
  return directory;
}
