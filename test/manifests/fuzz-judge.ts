import { documentOf } from '../../constructs/build-calls.js';
import { compileProgram } from '../../src/engine/compile-program.js';
import { pardoned } from '../../src/engine/manifests.js';
import { printProgram } from '../../src/loader/print-program.js';
import { readManifests } from '../../src/manifests/manifests.js';
import type { ConstructCall } from '../../src/model/construct-call.js';
import { throwAll } from '../../src/model/error.js';
import type { ProgramDocument } from '../../src/model/program.js';
import { documentErrors, resolveProgram } from '../../src/model/resolve-program.js';
import { failuresOf } from './documents.js';
import type { Case, Seed } from './fuzz-cases.js';

interface Read {
  readonly calls: readonly ConstructCall[];
  readonly document: ProgramDocument;
}

/** All that an import does, to the program that it prints. */
function importTexts(texts: readonly string[]): Read {
  const calls = readManifests(texts.map((text, i) => ({ name: `${String(i)}.yaml`, text })));
  const document = pardoned(documentOf(calls));
  throwAll(documentErrors(document));
  compileProgram(resolveProgram(document));
  if (!printProgram(calls).startsWith('import {')) throw new Error('no program is printed');
  return { calls, document };
}

const meanings = new WeakMap<Seed, string>();

/** What a seed means before it is mangled; empty for one that is refused. */
function meaningOf(seed: Seed): string {
  const known = meanings.get(seed);
  if (known !== undefined) return known;
  let meaning = '';
  failuresOf(() => (meaning = textOf(importTexts([JSON.stringify(seed.value), ...seed.beside]))));
  meanings.set(seed, meaning);
  return meaning;
}

/** Undefined where an import did with a case what it must. */
export function judge({ seed, texts, oracle }: Case): string | undefined {
  let read: Read | undefined;
  try {
    for (const { code, hint, message } of failuresOf(() => (read = importTexts(texts)))) {
      if (!code.startsWith('PLB_') || hint === '' || message === '') return `bad words: ${message}`;
    }
  } catch (error) {
    return `crashed: ${(error as Error).stack ?? String(error)}`;
  }
  if (read === undefined || oracle === 'refused or read') return undefined;
  if (oracle === 'refused') return 'was accepted';
  return textOf(read) === meaningOf(seed) ? 'changed nothing' : undefined;
}

/** Without places: lines may move while nothing is said. Calls, too: a namespace may have nobody in it. */
function textOf({ calls, document }: Read): string {
  const made = calls.map(({ construct, scope, id, props }) => [construct, scope, id, props]);
  return JSON.stringify([made, document], (key, value: unknown) =>
    key === 'origin' ? undefined : value,
  );
}
