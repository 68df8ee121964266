import type { Origin } from '../model/error.js';

/** One text for one place. */
export function originKey({ path, file = '', line = 0, column = 0 }: Origin): string {
  return `${path} ${file}:${String(line)}:${String(column)}`;
}
