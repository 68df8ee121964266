import type { Lint } from '../model/lint.js';
import { lintBreadth } from './breadth.js';
import { lintCapacity } from './capacity.js';
import { lintCardinality } from './cardinality.js';
import type { LintInput } from './input.js';
import { lintSelections } from './selections.js';
import { lintShadows } from './shadows.js';
import { lintSurroundings } from './surroundings.js';
import { silence } from './silence.js';

const CHECKS: readonly ((input: LintInput) => readonly Lint[])[] = [
  lintSelections,
  lintBreadth,
  lintShadows,
  lintCardinality,
  lintCapacity,
  lintSurroundings,
];

/** Everything that is found, warnings first, each once; what the program silences is marked. */
export function lintsOf(input: LintInput): Lint[] {
  const found = new Map<string, Lint>();
  for (const lint of CHECKS.flatMap((check) => check(input))) {
    const { file = '', line = 0, path } = lint.origin;
    found.set(`${lint.code} ${path} ${file} ${String(line)} ${lint.message}`, lint);
  }
  const lints = silence([...found.values()], input.document.lintIgnores ?? []);
  return [
    ...lints.filter(({ severity }) => severity === 'warning'),
    ...lints.filter(({ severity }) => severity === 'note'),
  ];
}
