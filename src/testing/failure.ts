import { AssertionError } from 'node:assert';

/** What every test framework takes for a test that failed. */
export function failure(message: string): AssertionError {
  return new AssertionError({ message });
}
