import { AssertionError } from 'node:assert';

/**
 * What every test framework takes for a test that failed.
 * @param by the assertion: whoever called it is where the stack begins
 */
export function failure(message: string, by: (...args: never[]) => void): AssertionError {
  return new AssertionError({ message, stackStartFn: by });
}
