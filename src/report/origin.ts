import type { Origin } from '../model/error.js';

/** `plumb.ts:31`, or the construct's path where no file is known. */
export function originText({ path, file, line }: Origin): string {
  if (file === undefined) return path;
  return line === undefined ? file : `${file}:${line}`;
}
