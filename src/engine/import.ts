import { printProgram } from '../loader/print-program.js';
import { documentOf } from '../manifests/build.js';
import { throwAll } from '../model/error.js';
import { documentErrors } from '../model/resolve-program.js';
import { manifestCalls } from './manifests.js';

export interface Imported {
  /** TypeScript. */
  readonly program: string;
  /** How many constructs of each class it makes. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * A program that means what manifests mean.
 * @throws PlumbError or PlumbErrors, those of the manifests, and of a program that would not be valid
 */
export async function importManifests(path: string): Promise<Imported> {
  const calls = await manifestCalls(path);
  throwAll(documentErrors(documentOf(calls)));
  const counts: Record<string, number> = {};
  for (const { construct } of calls) counts[construct] = (counts[construct] ?? 0) + 1;
  return { program: printProgram(calls), counts };
}
