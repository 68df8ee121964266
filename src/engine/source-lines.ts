import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Origin } from '../model/error.js';
import type { SourceText } from '../report/markdown-traffic.js';
import type { TrafficLine } from '../report/traffic.js';

/**
 * Reads the files that origins name, of a program; one that cannot be read has no lines. A line comes with those that
 * it opens brackets for.
 */
async function readSources(
  program: string,
  origins: readonly (Origin | undefined)[],
): Promise<SourceText> {
  const files = new Set(origins.flatMap((origin) => origin?.file ?? []));
  const directory = dirname(resolve(program));
  const lines = new Map<string, readonly string[]>();
  for (const file of files) {
    const text = await readFile(join(directory, file), 'utf8').catch(() => '');
    lines.set(file, text.split(/\r?\n/));
  }
  return ({ file = '', line = 0 }) => statementAt(lines.get(file) ?? [], line - 1);
}

/** The same for the lines that make traffic change: of what the program says now, or what it said before. */
export function readCauses(
  program: string,
  traffic: readonly TrafficLine[],
  when: 'now' | 'before',
): Promise<SourceText> {
  const causes = traffic.flatMap((line) => line.causes ?? []);
  const own = causes.filter(({ isGone }) => (isGone === true) === (when === 'before'));
  return readSources(
    program,
    own.map(({ origin }) => origin),
  );
}

const MOST_LINES = 12;

function statementAt(lines: readonly string[], first: number): string | undefined {
  if (lines[first] === undefined) return undefined;
  let text = '';
  let depth = 0;
  for (const line of lines.slice(first, first + MOST_LINES)) {
    text += `${line.trim()} `;
    depth += (line.match(/[{[(]/g)?.length ?? 0) - (line.match(/[}\])]/g)?.length ?? 0);
    if (depth <= 0) break;
  }
  return text.trim();
}
