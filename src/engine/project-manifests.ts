import { realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { documentOf } from '../../constructs/build-calls.js';
import type { ManifestReader } from '../loader/manifest-answers.js';
import { readManifests } from '../manifests/manifests.js';
import { PlumbError } from '../model/error.js';
import { manifestFiles } from './manifests.js';

/**
 * Reads what a program asks for by `loadManifests`: it may read nothing itself, and is given only what is
 * in its project. Files are named relative to the program's directory, as its own are.
 * @throws PlumbError or PlumbErrors: PLB_MANIFEST_OUTSIDE, PLB_MANIFEST_NOT_FOUND, those of manifests
 */
export function projectManifests(program: string): ManifestReader {
  const directory = dirname(resolve(program));
  return async ({ path, ...room }) => {
    const full = resolve(directory, path);
    const project = await realpath(await projectOf(directory));
    // What is not there is told of by whoever reads it.
    const real = await realpath(full).catch(() => full);
    if (real !== project && !real.startsWith(project + sep)) throw outside(path, project);
    const base = await realpath(directory);
    const calls = readManifests(await manifestFiles(real, base), room);
    // Errors of constructs are told here, all of them, with their places.
    documentOf(calls);
    return calls;
  };
}

/** The nearest directory with a package.json, else the program's own. */
async function projectOf(directory: string): Promise<string> {
  for (let at = directory; ; at = dirname(at)) {
    if (await stat(join(at, 'package.json')).catch(() => undefined)) return at;
    if (at === dirname(at)) return directory;
  }
}

function outside(path: string, project: string): PlumbError {
  return new PlumbError('PLB_MANIFEST_OUTSIDE', `${path} is outside the project ${project}`, {
    origin: { path: '', file: path },
    hint: 'Move the manifests into the project, or name it by a package.json further up.',
  });
}
