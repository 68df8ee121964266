import type { Origin } from '../model/error.js';
import type { Bundle } from './bundle.js';
import type { Position } from './positions.js';

/** Places of the rules in a policy's lists, as far as they are written there one by one. */
export type PolicyLines = Readonly<Record<string, readonly Position[]>>;

/** Those of every policy, by {@link placeKey} of where it is made. */
export type RuleLines = Readonly<Record<string, PolicyLines>>;

export function placeKey({ file, line, column }: Partial<Position>): string {
  return `${file ?? ''}:${String(line)}:${String(column)}`;
}

/** An error on its way out of the sandbox. */
export interface SaidError {
  readonly code: 'PLB_TYPE' | 'PLB_BUNDLE' | 'PLB_PROGRAM_UNREADABLE';
  readonly message: string;
  readonly hint: string;
  readonly origin?: Origin | undefined;
  readonly detail?: string | undefined;
}

/**
 * What the compiler's process says on its extra pipe, a line each: `unreadable`, or else one of the first three and
 * then `checked`. `ms` are milliseconds. Nothing here is trusted.
 */
export type Said =
  | { readonly kind: 'bundle'; readonly bundle: Bundle; readonly ms: number }
  | { readonly kind: 'unbundled'; readonly errors: readonly SaidError[] }
  /** The bundler's process ended. */
  | { readonly kind: 'bundler-ended'; readonly message: string }
  | {
      readonly kind: 'checked';
      readonly errors: readonly SaidError[];
      readonly ruleLines: RuleLines;
      readonly ms: number;
    }
  | { readonly kind: 'unreadable'; readonly errors: readonly SaidError[] };
