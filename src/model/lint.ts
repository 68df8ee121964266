import type { Origin } from './error.js';

/** `warning`: fails `plan --strict`; `note`: worth knowing. */
export type LintSeverity = 'warning' | 'note';

/** Every lint that there is, with its severity; each has a section in docs/lints.md. */
export const LINTS = {
  PLL_ANY_PEER: 'warning',
  PLL_EVERYBODY: 'note',
  PLL_FIREWALL_DROPS: 'warning',
  PLL_FIREWALL_UNSEEN: 'note',
  PLL_FOREIGN_HOOK: 'warning',
  PLL_FOREIGN_MARK: 'warning',
  PLL_FOREIGN_ROUTE: 'warning',
  PLL_FORWARDING_OFF: 'warning',
  PLL_HIGH_CARDINALITY: 'warning',
  PLL_MAP_NEARLY_FULL: 'warning',
  PLL_NO_PEER: 'warning',
  PLL_PORT_TAKEN: 'warning',
  PLL_RP_FILTER: 'warning',
  PLL_SELECTS_NOTHING: 'warning',
  PLL_SHADOWED: 'note',
  PLL_UNREACHABLE: 'warning',
  PLL_UNUSED_IGNORE: 'note',
  PLL_WORLD: 'note',
} as const satisfies Readonly<Record<`PLL_${string}`, LintSeverity>>;

export type LintCode = keyof typeof LINTS;

/**
 * Errors that a program may say are meant, as it silences a lint: warnings are left of them. Rules of a
 * program that shows only a part of a cluster are about what it does not have.
 */
export const PARDONABLE = ['PLB_UNKNOWN_LABEL', 'PLB_UNKNOWN_PORT'] as const;

/** Why those of manifests are: they mostly show only a part of a cluster. */
export const PARTIAL_REASON = 'manifests show only a part of a cluster';

export type PardonableCode = (typeof PARDONABLE)[number];

export function isPardonable(code: string): code is PardonableCode {
  return (PARDONABLE as readonly string[]).includes(code);
}

/** Something that is no error and likely not meant. */
export interface Lint {
  readonly code: LintCode;
  readonly severity: LintSeverity;
  readonly message: string;
  readonly origin: Origin;
  /** One sentence that says what to do about it. */
  readonly hint: string;
  /** Why the program silences it; it counts for nothing then. */
  readonly ignored?: string;
}

/** What a program silences: a lint, at a construct and all below it. */
export interface LintIgnore {
  /** Construct path; empty for the whole program. */
  readonly path: string;
  readonly code: string;
  readonly reason: string;
}

/** What silences a code at a construct path, if something does. */
export function ignoreOf(
  ignores: readonly LintIgnore[],
  code: string,
  path: string,
): LintIgnore | undefined {
  return ignores.find((ignore) => ignore.code === code && isBelow(path, ignore.path));
}

function isBelow(path: string, above: string): boolean {
  return above === '' || path === above || path.startsWith(`${above}/`);
}

/** A lint with the severity that its code has. */
export function lint(code: LintCode, message: string, origin: Origin, hint: string): Lint {
  return { code, severity: LINTS[code], message, origin, hint };
}

/** Those that count. */
export function warningsAmong(lints: readonly Lint[]): Lint[] {
  return lints.filter(({ severity, ignored }) => severity === 'warning' && ignored === undefined);
}
