import { setTimeout as sleep } from 'node:timers/promises';
import type { Where } from '../../engine.js';
import { isDue, undoUnconfirmed } from '../../engine/unconfirmed.js';

const EVERY = 200;
/** Milliseconds between tries when undoing fails: another apply may hold the lock. */
const AGAIN = 2_000;
const TRIES = 30;

const where = JSON.parse(process.argv[2] ?? '{}') as Where;
process.title = 'plumb-confirm';
process.umask(0o077);
// Whoever started it may lose the terminal.
process.on('SIGHUP', () => undefined);

for (let tries = 0; tries < TRIES;) {
  const due = await isDue(where, Date.now());
  if (due === undefined) break;
  if (!due) {
    await sleep(EVERY);
    continue;
  }
  try {
    await undoUnconfirmed(where);
    break;
  } catch {
    // It is noted beside what is to be undone, and plans tell.
    tries++;
    await sleep(AGAIN);
  }
}
