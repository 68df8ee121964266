import { ignoreOf, isPardonable, lint, type Lint, type LintIgnore } from '../model/lint.js';

/** Marks what the program silences, and notes what silences nothing. */
export function silence(lints: readonly Lint[], ignores: readonly LintIgnore[]): Lint[] {
  const used = new Set<LintIgnore>();
  const marked = lints.map((found) => {
    const ignore = ignoreOf(ignores, found.code, found.origin.path);
    if (ignore === undefined) return found;
    used.add(ignore);
    return { ...found, ignored: ignore.reason };
  });
  const unused = ignores
    .filter((ignore) => !used.has(ignore) && !isPardonable(ignore.code))
    .map(({ code, path }) =>
      lint(
        'PLL_UNUSED_IGNORE',
        `${code} is silenced at ${path === '' ? 'the program' : path} and not found there`,
        { path },
        'Remove the call of Lint.ignore.',
      ),
    );
  return [...marked, ...unused];
}
