import { createInterface } from 'node:readline/promises';
import { PlumbError } from '../model/error.js';
import { onStop } from './signals.js';

/**
 * Asks on the terminal and takes only the whole word `yes`. Without a terminal the answer is no, so
 * that a script that forgot `--yes` changes nothing. `timeoutMs` passing is a no as well, and so are
 * the loss of the terminal and a signal to stop.
 */
export async function askYes(question: string, timeoutMs?: number): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const controller = new AbortController();
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => controller.abort(), timeoutMs);
  const lost = (): void => controller.abort();
  const release = onStop(lost);
  lines.once('close', lost);
  lines.once('SIGINT', lost);
  try {
    return (await lines.question(question, { signal: controller.signal })).trim() === 'yes';
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    release();
    lines.close();
  }
}

/** @throws PlumbError PLB_NOT_CONFIRMED unless somebody says yes */
export async function mustAgree(question: string): Promise<void> {
  if (await askYes(`\n${question} Only "yes" is taken: `)) return;
  throw new PlumbError('PLB_NOT_CONFIRMED', 'nothing was changed: it was not confirmed', {
    hint: 'Answer "yes", or pass --yes where nobody can be asked.',
  });
}
