import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PlumbError, throwAll } from '../model/error.js';
import { canonicalSources } from '../model/label-source.js';
import type { ProgramDocument } from '../model/program.js';
import { documentErrors, resolveProgram } from '../model/resolve-program.js';
import { compile, type Compilation } from './compile.js';
import { readDocument } from './document.js';
import { evaluate, type Evaluation } from './evaluate.js';
import { manifestAnswers, noManifests, type ManifestReader } from './manifest-answers.js';
import { Positions } from './positions.js';
import { findSandbox } from './sandbox.js';
import { thrown, wrongAppCount } from './program-error.js';
import { userOf, type User } from './user.js';

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_COMPILE_TIMEOUT_MS = 60_000;
const DEFAULT_MEMORY_MIB = 2048;

export interface LoadOptions {
  /** How long the program may run, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
  /** How long type check and bundling may take together, in milliseconds. Default 60,000. */
  readonly compileTimeoutMs?: number;
  /** The same as `memoryMiB` for the type check; the bundler may take half as much again. Default 2,048. */
  readonly compileMemoryMiB?: number;
  /** How much memory its values may take, in MiB; buffers may take half as much again. Default 2,048. */
  readonly memoryMiB?: number;
  /** Gets what the program writes to standard output and standard error. Default: our standard error. */
  readonly log?: (chunk: Buffer) => void;
  /** Reads the manifests that the program asks for. Default: PLB_LOAD_MANIFESTS. */
  readonly manifests?: ManifestReader;
}

export interface LoadedProgram {
  /** What the program means, valid, with places in the program's sources. */
  readonly document: ProgramDocument;
  /** The same as it was written: rules name groups and services, not whom those stand for. */
  readonly written: ProgramDocument;
  /**
   * Milliseconds. `check` is without the loading of the compiler, and `bundle` goes on until that is over;
   * all are as the children measure them. They overlap.
   */
  readonly timings: Readonly<Record<'check' | 'bundle' | 'evaluate', number>>;
  /** Files that the program is made of, absolute and sorted, without its dependencies. */
  readonly sources: readonly string[];
}

/**
 * Type-checks, bundles and runs a program, all without privileges, and returns what it means.
 * @param path of the TypeScript file, absolute or from the working directory
 * @throws PlumbError or PlumbErrors: PLB_PROGRAM_NOT_FOUND, PLB_PROGRAM_UNREADABLE,
 *   PLB_TYPE, PLB_BUNDLE, PLB_SANDBOX, PLB_PROGRAM,
 *   PLB_PROGRAM_TIMEOUT, PLB_NO_APP, PLB_MANY_APPS, PLB_DOCUMENT, those of the constructs and those of
 *   {@link documentErrors}. Type errors win over all that follow.
 */
export async function loadProgram(path: string, options: LoadOptions = {}): Promise<LoadedProgram> {
  const file = resolve(path);
  await findable(file, path);

  const user = await userOf(file);
  // Tries what the machine allows while others work; seen by evaluate.
  findSandbox(user).catch(() => undefined);
  const compilation = await compile(file, {
    user,
    timeoutMs: options.compileTimeoutMs ?? DEFAULT_COMPILE_TIMEOUT_MS,
    memoryMiB: options.compileMemoryMiB ?? DEFAULT_MEMORY_MIB,
  });
  const run = start(file, user, compilation, options);
  // Seen below, after the check: what cannot be run mostly has type errors that say it better.
  run.catch(() => undefined);
  const checked = await compilation.checked.catch(async (error: unknown) => {
    await run.then(({ evaluation }) => evaluation.stop()).catch(() => undefined);
    throw error;
  });
  const { bundled, evaluation, manifests } = await run;
  const { bundle } = bundled;
  const outcome = await evaluation.outcome;
  const positions = new Positions(bundle.map, dirname(file), manifests);
  const name = basename(file);
  if (outcome.error !== undefined) throw thrown(outcome.error, positions, name);
  if (outcome.document === undefined) wrongAppCount(outcome.apps ?? [], positions, name);
  const document = readDocument(outcome.document, positions, checked.ruleLines);
  throwAll(documentErrors(document));
  return {
    document: resolveProgram(document),
    written: canonicalSources(document),
    timings: { check: checked.ms, bundle: bundled.ms, evaluate: outcome.elapsed },
    sources: [...bundle.sources, ...[...manifests].map((name) => join(dirname(file), name))].sort(),
  };
}

interface Run {
  readonly bundled: Awaited<Compilation['bundled']>;
  readonly evaluation: Evaluation;
  /** Names of the manifests that the program was given. */
  readonly manifests: ReadonlySet<string>;
}

/** Runs the program as soon as it is bundled, beside the type check. */
async function start(
  file: string,
  user: User | undefined,
  compilation: Compilation,
  options: LoadOptions,
): Promise<Run> {
  const bundled = await compilation.bundled;
  const manifests = new Set<string>();
  const evaluation = await evaluate(bundled.bundle.code, {
    program: basename(file),
    user,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    memoryMiB: options.memoryMiB ?? DEFAULT_MEMORY_MIB,
    log: options.log ?? ((chunk) => process.stderr.write(chunk)),
    answer: manifestAnswers(options.manifests ?? noManifests, manifests),
  });
  return { bundled, evaluation, manifests };
}

/** @throws PlumbError PLB_PROGRAM_NOT_FOUND */
async function findable(file: string, given: string): Promise<void> {
  const found = await stat(file).catch((cause: unknown) => cause);
  if (!(found instanceof Error) && (found as Stats).isFile()) return;
  const why = found instanceof Error ? (found as NodeJS.ErrnoException).code : undefined;
  const what = why === undefined ? 'is no file' : why === 'ENOENT' ? 'does not exist' : `: ${why}`;
  throw new PlumbError('PLB_PROGRAM_NOT_FOUND', `${given} ${what}`, {
    origin: { path: basename(file), file: given },
    hint: 'Give the path of the TypeScript file, or work in the directory of a plumb.ts.',
    cause: found,
  });
}
