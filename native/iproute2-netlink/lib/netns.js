import { readdirSync, readFileSync, statfsSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { addon } from './addon.js';
import { errorOf, invalid, NetlinkError } from './error.js';
import { writeLinkSet } from './link.js';
import { Writer } from './writer.js';

const DIRECTORY = '/run/netns';
const NSFS_MAGIC = 0x6e736673;
/** The kernel gives `lo` this number in every namespace. */
const LO = 1;

/** @param {{ name: string, loAlias?: string }} o */
export async function netnsCreate({ name, loAlias }) {
  check(name);
  const writer = new Writer();
  writeLinkSet(writer, { up: true, alias: loAlias }, { ifindex: LO });
  const status = await addon.netnsCreate(DIRECTORY, name, writer.bytes(), loAlias ?? '');
  if (status.errno !== 0) throw errorOf(status, `netns ${name}`);
}

/** @param {string} name */
export async function netnsDelete(name) {
  check(name);
  const status = await addon.netnsDelete(join(DIRECTORY, name));
  if (status.errno !== 0 && status.code !== 'ENOENT') throw errorOf(status, `netns ${name}`);
}

export function netnsList() {
  const names = unlessGone(() => readdirSync(DIRECTORY)) ?? [];
  return names.filter((name) => unlessGone(() => isNetns(join(DIRECTORY, name)))).sort();
}

/** @param {string} loAlias */
export function netnsSweep(loAlias) {
  const names = unlessGone(() => readdirSync(DIRECTORY)) ?? [];
  return names
    .filter((name) => unlessGone(() => isMarked(join(DIRECTORY, name), loAlias)))
    .map((name) => {
      unlinkSync(join(DIRECTORY, name));
      return name;
    });
}

/** @param {string} path @param {string} mark */
function isMarked(path, mark) {
  return !isNetns(path) && statSync(path).isFile() && readFileSync(path, 'utf8') === mark;
}

/** @param {{ netns?: string, paths: readonly string[] }} o */
export async function netnsRead({ netns = '', paths }) {
  const { texts, ...status } = await addon.netnsRead(netns, paths);
  if (status.errno !== 0) throw errorOf(status, `read in ${netns}`);
  return texts;
}

/** @param {{ netns?: string, path: string, text: string }} o */
export async function netnsWrite({ netns = '', path, text }) {
  const status = await addon.netnsWrite(netns, path, text);
  if (status.errno !== 0) throw errorOf(status, `write ${path}`);
}

/** @template T @param {() => T} read @returns {T | undefined} */
function unlessGone(read) {
  try {
    return read();
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param {string} [path] */
export function netnsId(path = '/proc/self/ns/net') {
  try {
    if (isNetns(path)) return statSync(path, { bigint: true }).ino;
  } catch (cause) {
    const { code = 'EINVAL', errno = -22 } = /** @type {NodeJS.ErrnoException} */ (cause);
    throw new NetlinkError(`${path}: ${code}`, { code, errno: -errno, cause });
  }
  throw invalid(`not a namespace: ${path}`);
}

/**
 * A name without a mount behind it is being made, or was left by a creator that died.
 * @param {string} path
 */
function isNetns(path) {
  return statfsSync(path).type === NSFS_MAGIC;
}

/** @param {string} name */
function check(name) {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw invalid(`not a name for a namespace: ${JSON.stringify(name)}`);
  }
}
