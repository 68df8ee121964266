import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { documentOf } from '../../constructs/build-calls.js';
import { readManifests, type ManifestFile } from '../manifests/manifests.js';
import type { ConstructCall } from '../model/construct-call.js';
import { PlumbError, throwAll } from '../model/error.js';
import { canonicalSources } from '../model/label-source.js';
import { PARDONABLE, PARTIAL_REASON } from '../model/lint.js';
import type { ProgramDocument } from '../model/program.js';
import { documentErrors, resolveProgram } from '../model/resolve-program.js';

const EXTENSION = /\.(ya?ml|json)$/;

/** What plumb itself keeps beside manifests. */
const OURS = 'plumb.lock.json';

/**
 * The constructs that a file, a directory with all below it, or `-` for standard input means.
 * @throws PlumbError or PlumbErrors: PLB_MANIFEST_NOT_FOUND, and those of {@link readManifests}
 */
export async function manifestCalls(path: string): Promise<readonly ConstructCall[]> {
  return readManifests(await manifestFiles(path));
}

/** What manifests mean, and the same as it was written, with names of groups and services. */
export interface ManifestDocument {
  readonly document: ProgramDocument;
  readonly written: ProgramDocument;
}

/** What manifests mean, valid, as {@link manifestCalls} reads them. */
export async function manifestDocument(path: string): Promise<ManifestDocument> {
  const document = pardoned(documentOf(await manifestCalls(path)));
  throwAll(documentErrors(document));
  return { document: resolveProgram(document), written: canonicalSources(document) };
}

/** A document whose rules may be about labels and ports that nothing in it has. */
export function pardoned(document: ProgramDocument): ProgramDocument {
  const ignores = PARDONABLE.map((code) => ({ path: '', code, reason: PARTIAL_REASON }));
  return { ...document, lintIgnores: ignores };
}

/** The lock file of manifests: in their directory, or the working directory for standard input. */
export function manifestLock(path: string): string {
  const full = resolve(path === '-' ? '.' : path);
  return join(EXTENSION.test(full) ? dirname(full) : full, OURS);
}

/**
 * @param base directory that names are relative to. Default: what is in a directory is relative to that,
 *   a file is called as it is given.
 */
export async function manifestFiles(path: string, base?: string): Promise<ManifestFile[]> {
  if (path === '-') return [{ name: 'stdin', text: await readAll(process.stdin) }];
  const read = async (full: string, name: string): Promise<ManifestFile> => {
    const text = await readFile(full, 'utf8');
    return { name: base === undefined ? name : relative(base, full), text };
  };
  try {
    if (!(await stat(path)).isDirectory()) return [await read(path, path)];
    const all = await readdir(path, { recursive: true, withFileTypes: true });
    const names = all
      .filter((entry) => entry.isFile() && EXTENSION.test(entry.name) && entry.name !== OURS)
      .map((entry) => relative(path, join(entry.parentPath, entry.name)))
      .sort((a, b) => (a < b ? -1 : 1));
    if (names.length > 0) {
      return await Promise.all(names.map((name) => read(join(path, name), name)));
    }
  } catch (cause) {
    throw notFound(path, `cannot be read: ${(cause as Error).message}`, cause);
  }
  throw notFound(path, 'has no manifests');
}

function notFound(path: string, what: string, cause?: unknown): PlumbError {
  return new PlumbError('PLB_MANIFEST_NOT_FOUND', `${path} ${what}`, {
    origin: { path: '', file: path },
    hint: 'Give a file of YAML or JSON, a directory with *.yaml, *.yml or *.json, or - for standard input.',
    cause,
  });
}
