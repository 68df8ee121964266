/** Where in the user's program something came from. `line` and `column` count from 1; absent when unknown. */
export interface Origin {
  /** Construct path, ids joined by `/`, for example `hoth/deathstar-1`. */
  readonly path: string;
  /** Source file, relative to the directory of the program. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export interface PlumbErrorOptions {
  readonly origin?: Origin;
  /** One sentence that says what to do next. */
  readonly hint: string;
  /** Code frame or other lines shown below the message, already formatted, without colours. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/**
 * Every error that reaches a user. `code` is stable (`PLB_…`) and documented in docs/errors.md;
 * several problems found together are gathered in a {@link PlumbErrors}.
 */
export class PlumbError extends Error {
  override readonly name: string = 'PlumbError';
  readonly origin: Origin | undefined;
  readonly hint: string;
  readonly detail: string | undefined;

  constructor(
    readonly code: `PLB_${string}`,
    message: string,
    options: PlumbErrorOptions,
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.origin = options.origin;
    this.hint = options.hint;
    this.detail = options.detail;
  }
}

/** All problems of one phase together, so that a user mends them in one go. Never empty. */
export class PlumbErrors extends Error {
  override readonly name = 'PlumbErrors';

  constructor(readonly errors: readonly PlumbError[]) {
    super(errors.map((e) => e.message).join('\n'));
  }
}

/** Throws nothing for none, the error itself for one, a {@link PlumbErrors} for several. */
export function throwAll(errors: readonly PlumbError[]): void {
  const [only] = errors;
  if (only !== undefined && errors.length === 1) throw only;
  if (errors.length > 1) throw new PlumbErrors(errors);
}
