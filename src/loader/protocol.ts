import { MANIFESTS } from '../model/manifest-request.js';

/** A place in the running JavaScript; lines and columns from 1. */
export interface RawPosition {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** What the child says on its extra pipe, once: one of three. Nothing here is trusted. */
export interface Outcome {
  /** Milliseconds from the start of the process to this word. */
  readonly elapsed: number;
  /** The document of the one app; unchecked. */
  readonly document?: unknown;
  /** Where each app was made, when there is not exactly one. */
  readonly apps?: readonly RawPosition[];
  /** What the program threw. */
  readonly error?: RawError;
}

export interface RawError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Of a PlumbError, or of an error of Node.js. */
  readonly code: string | undefined;
  readonly hint: string | undefined;
  /** Construct path, if the error names one. */
  readonly path: string | undefined;
}

/** Descriptor of the extra pipe in the child. */
export const RESULT_FD = 3;

/** Descriptor of the one on which the child asks for manifests, a line each, and is answered, a line each. */
export const REQUEST_FD = 4;

/**
 * Runs before the program: keeps what is needed to report for itself, and reports whatever the program
 * throws, also later and in promises.
 */
export const BEFORE = `
import { readSync, writeSync } from 'node:fs';
const { exit } = process;
const { parse, stringify } = JSON;
let said = false;
export function say(outcome) {
  if (said) return;
  said = true;
  write(${String(RESULT_FD)}, stringify({ elapsed: performance.now(), ...outcome }));
}
function write(fd, text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
globalThis[Symbol.for('${String(MANIFESTS.description)}')] = (request) => {
  write(${String(REQUEST_FD)}, stringify(request) + '\\n');
  const chunks = [];
  for (;;) {
    const chunk = Buffer.alloc(1 << 16);
    const size = readSync(${String(REQUEST_FD)}, chunk);
    chunks.push(chunk.subarray(0, size));
    // Nobody answers what cannot be: the end of this process is near.
    if (size === 0) exit(1);
    if (chunk[size - 1] === 10) return parse(Buffer.concat(chunks).toString());
  }
};
const text = (value) => (typeof value === 'string' ? value : undefined);
function fail(thrown) {
  const [first = thrown] = Array.isArray(thrown?.errors) ? thrown.errors : [];
  const error = first instanceof Error ? first : { message: String(first) };
  say({
    error: {
      name: text(error.name) ?? 'Error',
      message: text(error.message) ?? '',
      stack: text(error.stack) ?? '',
      code: text(error.code),
      hint: text(error.hint),
      path: text(error.origin?.path),
    },
  });
  exit(1);
}
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
`;

/**
 * Runs after the program, when it and everything it imports has been evaluated, and reports when nothing
 * is left to do: what a promise adds that nobody waits for is part of the document too.
 */
export const AFTER = `
import { say } from 'plumbline:before';
process.once('beforeExit', () => {
  const apps = globalThis[Symbol.for('plumbline.apps')] ?? [];
  say(apps.length === 1 ? { document: apps[0].toDocument() } : { apps: apps.map((app) => app.origin) });
  process.exit(0);
});
`;

/** The module that is run: the program between the two. */
export function entry(program: string): string {
  return `import 'plumbline:before';\nimport ${JSON.stringify(program)};\nimport 'plumbline:after';\n`;
}
