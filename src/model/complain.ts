import { PlumbError, type Origin } from './error.js';

/** An error about one construct: its path stands before the message. */
export function complain(
  code: `PLB_${string}`,
  { origin }: { readonly origin: Origin },
  message: string,
  hint: string,
): PlumbError {
  return new PlumbError(code, `${origin.path}: ${message}`, { origin, hint });
}

/** How one construct is named in an error about another: its path, and its line if known. */
export function mention({ origin }: { readonly origin: Origin }): string {
  const { path, file, line } = origin;
  return file === undefined || line === undefined ? path : `${path} (${file}:${line})`;
}
