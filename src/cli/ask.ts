import { createInterface } from 'node:readline/promises';

/**
 * Asks on the terminal and takes only the whole word `yes`. Without a terminal the answer is no, so
 * that a script that forgot `--yes` changes nothing. `timeoutMs` passing is a no as well, and so is
 * the loss of the terminal.
 */
export async function askYes(question: string, timeoutMs?: number): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const controller = new AbortController();
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => controller.abort(), timeoutMs);
  const lost = (): void => controller.abort();
  process.once('SIGHUP', lost);
  lines.once('close', lost);
  lines.once('SIGINT', lost);
  try {
    return (await lines.question(question, { signal: controller.signal })).trim() === 'yes';
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    process.off('SIGHUP', lost);
    lines.close();
  }
}
