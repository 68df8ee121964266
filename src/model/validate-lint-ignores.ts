import { PlumbError } from './error.js';
import { isPardonable, LINTS } from './lint.js';
import type { ProgramDocument } from './program.js';

/** PLB_LINT_IGNORE for what is silenced without being a lint, or without a reason. */
export function lintIgnoreErrors({ lintIgnores = [] }: ProgramDocument): PlumbError[] {
  return lintIgnores.flatMap(({ path, code, reason }) => {
    const isKnown = Object.hasOwn(LINTS, code) || isPardonable(code);
    if (isKnown && reason.trim() !== '') return [];
    const message = isKnown ? `${code} is silenced without a reason` : `there is no lint ${code}`;
    return [
      new PlumbError('PLB_LINT_IGNORE', message, {
        origin: { path },
        hint: "Name a lint of docs/lints.md and say why: Lint.ignore(rule, 'PLL_WORLD', 'a public site').",
      }),
    ];
  });
}
