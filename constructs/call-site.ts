import type { Place } from '../src/model/construct-call.js';
import type { Origin } from '../src/model/error.js';

/** A class, also one that only its own members may make. */
type Class = NonNullable<Parameters<typeof Error.captureStackTrace>[1]>;

let given: Place | undefined;

/** Runs `make`, whose constructs are not written where the call stack is. */
export function writtenAt<T>(place: Place, make: () => T): T {
  const before = given;
  given = place;
  try {
    return make();
  } finally {
    given = before;
  }
}

/**
 * Where the running `new constructor(...)` was written: the one frame below it, so that a user's own
 * subclass is named by the line that makes it. Positions are those of the running JavaScript; the
 * loader maps them. Empty when there is no such frame.
 */
export function callSite(constructor: Class): Omit<Origin, 'path'> {
  if (given !== undefined) return given;
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_, sites) => sites;
    Error.captureStackTrace(holder, constructor);
    // The stack is made when it is first read, so it must be read before the hooks are put back.
    const [site] = holder.stack as NodeJS.CallSite[];
    const file = site?.getFileName();
    const line = site?.getLineNumber();
    const column = site?.getColumnNumber();
    return {
      ...(file ? { file } : {}),
      ...(line ? { line } : {}),
      ...(column ? { column } : {}),
    };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}
