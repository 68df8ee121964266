import { PlumbError, throwAll } from '../model/error.js';
import type { Positions } from './positions.js';
import type { RawError, RawPosition } from './protocol.js';

const DENIED =
  'A program runs without files, processes and environment: import data as JSON or TypeScript instead.';

/**
 * What the program threw, at the innermost line that is the program's own.
 * @param program name of its file
 */
export function thrown(error: RawError, positions: Positions, program: string): PlumbError {
  const stack = positions.ofStack(error.stack);
  const [first] = stack;
  const origin = { path: error.path ?? program, ...(first ?? { file: program }) };
  const ours = /^PLB_[A-Z_]+$/.test(error.code ?? '');
  const code = ours ? (error.code as `PLB_${string}`) : 'PLB_PROGRAM';
  const callers = stack.map(({ file, line, column }) => `    at ${file}:${line}:${column}`);
  const detail = [first ? positions.frame(first) : '', ...(ours ? [] : callers)].filter(Boolean);
  return new PlumbError(code, ours ? error.message : `${error.name}: ${error.message}`, {
    origin,
    hint: ours ? (error.hint ?? '') : hintFor(error),
    ...(detail.length > 0 && { detail: detail.join('\n') }),
  });
}

const NO_NETWORK =
  'A program runs without network: fetch what it needs beforehand, and import it as JSON.';

/** What connecting and sending end with where there is no network. */
const NETWORK_CODES = ['ENETUNREACH', 'EADDRNOTAVAIL', 'ECONNREFUSED', 'EAI_AGAIN', 'ENOTFOUND'];

function hintFor({ code = '' }: RawError): string {
  if (code === 'ERR_ACCESS_DENIED') return DENIED;
  return NETWORK_CODES.includes(code) ? NO_NETWORK : 'Mend the program at this line.';
}

/**
 * There must be exactly one app: which of several is meant nobody can tell.
 * @throws PlumbError or PlumbErrors PLB_NO_APP, or PLB_MANY_APPS for each app after the first
 */
export function wrongAppCount(
  apps: readonly RawPosition[],
  positions: Positions,
  program: string,
): never {
  if (apps.length === 0) {
    throw new PlumbError('PLB_NO_APP', 'the program makes no App', {
      origin: { path: program, file: program, line: 1, column: 1 },
      hint: "Begin it with `const app = new App();` of 'plumbline'.",
    });
  }
  const [first, ...others] = apps.map((app) => positions.find(app));
  const place = first ? `${first.file}:${first.line}` : 'another place';
  throwAll(
    others.map((position) => {
      const detail = position && positions.frame(position);
      return new PlumbError('PLB_MANY_APPS', `there is already an App, made at ${place}`, {
        origin: { path: program, file: program, ...position },
        hint: 'Put everything into one App.',
        ...(detail && { detail }),
      });
    }),
  );
  throw new Error('unreachable: there were several apps');
}
