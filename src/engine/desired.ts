import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadProgram } from '../loader/load-program.js';
import { PlumbError, throwAll } from '../model/error.js';
import type { ProgramDocument } from '../model/program.js';
import { documentErrors, resolveProgram } from '../model/resolve-program.js';
import type { State } from '../state/state.js';
import { EMPTY_LOCK, type IdentityLock } from '../synth/identities.js';
import { synth } from '../synth/synth.js';
import { compileProgram, warningOf } from './compile-program.js';
import { projectManifests } from './project-manifests.js';
import { manifestDocument, manifestLock } from './manifests.js';
import { lockPathOf, readLock, writeLockFile } from './lock-file.js';
import { packageRoot } from './package-root.js';
import { readCompiled, type Compiled } from './provenance.js';

/** A program, compiled for one node, and the kernel state that it means. */
export interface Desired extends Compiled {
  readonly state: State;
  /** The document as it was written: rules name groups and services, not whom those stand for. */
  readonly written: ProgramDocument;
  readonly lockPath: string;
  /** Whether identities got numbers, or lost them, that the lock file does not have yet. */
  readonly lockChanged: boolean;
  readonly warnings: readonly string[];
  /** Milliseconds by part. */
  readonly timings: Readonly<Record<string, number>>;
}

export interface SynthesizeOptions {
  readonly node?: string | undefined;
  /** A file or directory of manifests, or `-`, instead of the program. */
  readonly manifests?: string | undefined;
}

/**
 * Everything left of the plan: load, check, number, compile, synthesize. Reads files, changes nothing.
 * @throws PlumbError or PlumbErrors, whatever is wrong with the program, all of one phase together.
 */
export async function synthesize(
  path: string,
  { node: wanted, manifests }: SynthesizeOptions = {},
): Promise<Desired> {
  const lockPath = manifests === undefined ? lockPathOf(resolve(path)) : manifestLock(manifests);
  const [{ document, written, timings }, lock, hash] = await Promise.all([
    manifests === undefined
      ? loadProgram(path, { manifests: projectManifests(path) })
      : loadManifestDocument(manifests),
    readLock(lockPath),
    datapathHash(),
  ]);
  const made = desiredOf({ document, written, lock, hash }, wanted);
  return { ...made, lockPath, timings: { ...timings, ...made.timings } };
}

/**
 * The same of a document that a program gave already, without a file: identities have the numbers of a program
 * that has no lock file yet.
 * @throws PlumbError or PlumbErrors, whatever is wrong with it
 */
export async function synthesizeDocument(
  written: ProgramDocument,
  { node }: Pick<SynthesizeOptions, 'node'> = {},
): Promise<Desired> {
  throwAll(documentErrors(written));
  const hash = await datapathHash();
  const document = resolveProgram(written);
  return desiredOf({ document, written, lock: EMPTY_LOCK, hash }, node);
}

interface Written {
  readonly document: ProgramDocument;
  readonly written: ProgramDocument;
  readonly lock: IdentityLock;
  /** Of the datapath's object. */
  readonly hash: string;
}

function desiredOf(
  { document, written, lock, hash }: Written,
  wanted: string | undefined,
): Desired {
  const started = performance.now();
  const { compiled, pardoned } = compileProgram(document, { node: wanted, lock });
  const { node, allocation } = compiled;
  const compiledAt = performance.now();
  const state = synth({
    document,
    node,
    allocation,
    compiled: compiled.policy,
    datapath: { hash },
  });
  return {
    ...compiled,
    state,
    written,
    lockPath: '',
    lockChanged: JSON.stringify(sorted(lock)) !== JSON.stringify(sorted(allocation.lock)),
    warnings: [...pardoned.map(warningOf), ...compiled.policy.warnings],
    timings: { compile: compiledAt - started, synth: performance.now() - compiledAt },
  };
}

/** What the program meant that was applied last; `provenance` is the text of the side file. */
export async function desiredAsApplied(provenance: string | undefined): Promise<Desired> {
  const compiled = readCompiled(provenance);
  if (compiled === undefined) {
    throw new PlumbError('PLB_NOTHING_APPLIED', 'no record says what was applied last', {
      hint: 'Plan against the program: plumb plan, without --refresh-only.',
    });
  }
  const { document, node, allocation, policy } = compiled;
  const datapath = { hash: await datapathHash() };
  const state = synth({ document, node, allocation, compiled: policy, datapath });
  const { warnings } = policy;
  const unasked = { lockPath: '', lockChanged: false, warnings, timings: {} };
  return { ...compiled, state, written: document, ...unasked };
}

async function loadManifestDocument(path: string) {
  const started = performance.now();
  const read = await manifestDocument(path);
  return { ...read, timings: { manifests: performance.now() - started } };
}

/** Records the numbers of a program's identities next to it, if that says anything new. */
export async function writeLock({ lockPath, lockChanged, allocation }: Desired): Promise<void> {
  if (lockChanged) await writeLockFile(lockPath, allocation.lock);
}

function sorted({ identities }: { readonly identities: Readonly<Record<string, number>> }) {
  return Object.entries(identities).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Names the datapath that is shipped; the state says which one programs are to be. */
async function datapathHash(): Promise<string> {
  const path = join(packageRoot(), 'bpf/dist/endpoint.o');
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
      .slice(0, 16);
  } catch (cause) {
    throw new PlumbError('PLB_DATAPATH', `there is no datapath object ${path}`, {
      hint: 'Build it: make bpf.',
      cause,
    });
  }
}
