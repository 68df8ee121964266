import { unlinkSync } from 'node:fs';
import { addon } from './addon.js';
import { checked } from './error.js';

/** @param {string} path */
export function unpin(path) {
  try {
    unlinkSync(path);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
  }
}

/** @param {'program' | 'map' | 'link' | 'btf'} kind */
export function listIds(kind) {
  const ids = [];
  for (let id = 0; ;) {
    const next = addon.nextId(kind, id);
    if (next.code === 'ENOENT') return ids;
    id = checked(next, `list ${kind} ids`).id;
    ids.push(id);
  }
}

/** @param {string} path */
export function isBpffs(path) {
  return addon.isBpffs(path);
}

/** @param {string} path */
export function mountBpffs(path) {
  checked(addon.mountBpffs(path), `mount bpffs at ${path}`);
}
