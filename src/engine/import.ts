import { printProgram } from '../loader/print-program.js';
import { documentOf } from '../../constructs/build-calls.js';
import { throwAll } from '../model/error.js';
import { PARTIAL_REASON } from '../model/lint.js';
import { documentErrors, resolveProgram } from '../model/resolve-program.js';
import { compileProgram, warningOf } from './compile-program.js';
import { manifestCalls, pardoned } from './manifests.js';

export interface Imported {
  /** TypeScript; it synthesizes. */
  readonly program: string;
  /** How many constructs of each class it makes. */
  readonly counts: Readonly<Record<string, number>>;
  /** Labels and ports that its rules are about and nothing in it has; the program says that it may. */
  readonly warnings: readonly string[];
}

/**
 * A program that means what manifests mean.
 * @throws PlumbError or PlumbErrors, those of the manifests, and of a program that would not synthesize
 */
export async function importManifests(path: string): Promise<Imported> {
  const calls = await manifestCalls(path);
  const document = pardoned(documentOf(calls));
  throwAll(documentErrors(document));
  const problems = compileProgram(resolveProgram(document)).pardoned;
  const codes = [...new Set(problems.map(({ code }) => code))].sort();
  const ignores = codes.map((code) => ({ path: '', code, reason: PARTIAL_REASON }));
  const counts: Record<string, number> = {};
  for (const { construct } of calls) counts[construct] = (counts[construct] ?? 0) + 1;
  return { program: printProgram(calls, ignores), counts, warnings: problems.map(warningOf) };
}
