import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadProgram, type LoadOptions } from '../../src/loader/load-program.js';
import type { LoadedProgram } from '../../src/loader/load-program.js';
import { PlumbError, PlumbErrors } from '../../src/model/error.js';

/** The first lines of most programs: 4 lines. */
export const HEAD = `import { App, Endpoint, NetworkPolicy, Node } from 'plumbline';
const app = new App();
const hoth = new Node(app, 'hoth', { podCIDRs: ['10.1.0.0/24'] });
void [app, hoth, Endpoint, NetworkPolicy];
`;

/** Writes files into a directory of their own, gone after the test. Returns the path of `plumb.ts`. */
export function write(program: string, others: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-loader-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries({ 'plumb.ts': program, ...others })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return join(directory, 'plumb.ts');
}

export function load(
  program: string,
  others?: Readonly<Record<string, string>>,
  options?: LoadOptions,
): Promise<LoadedProgram> {
  return loadProgram(write(program, others), options);
}

/** Every problem that a load ends with; a load that succeeds fails the test. */
export async function problems(loading: Promise<unknown>): Promise<PlumbError[]> {
  const thrown: unknown = await loading.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof PlumbErrors) return [...thrown.errors];
  if (thrown instanceof PlumbError) return [thrown];
  throw new Error(`no PlumbError: ${String(thrown)}`, { cause: thrown });
}

/** The one problem that a load ends with. */
export async function problem(loading: Promise<unknown>): Promise<PlumbError> {
  const all = await problems(loading);
  if (all.length !== 1)
    throw new Error(`${all.length} problems: ${all.map((e) => e.message).join()}`);
  return all[0]!;
}

/** What the program writes to its standard output. */
export async function output(
  program: string,
  others?: Readonly<Record<string, string>>,
): Promise<string> {
  const chunks: Buffer[] = [];
  await load(program, others, { log: (chunk) => chunks.push(chunk) });
  return Buffer.concat(chunks).toString('utf8');
}
