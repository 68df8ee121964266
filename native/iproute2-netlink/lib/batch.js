import { errorOf, NetlinkError } from './error.js';
import { writeLinkDelete } from './link.js';
import { describe } from './operations.js';
import { Writer } from './writer.js';

/** @import { Operation } from '../index.js' */
/** @import { NativeSocket, Status } from './addon.js' */
/** @import { Step } from './operations.js' */

/** What the addon, too, says of a message that it did not send because the one before it failed. */
const CANCELED = { errno: 125, code: 'ECANCELED', description: 'Operation canceled' };

/**
 * Sends the steps in order, each run of neighbors for one namespace in one go.
 * @param {readonly Step[]} steps @param {Writer} writer
 * @param {(netns: string | undefined) => Promise<NativeSocket>} socketIn
 * @returns {Promise<Map<number, Status>>} failures by step
 */
export async function sendSteps(steps, writer, socketIn) {
  /** @type {Map<number, Status>} */
  const failures = new Map();
  for (let first = 0; first < steps.length;) {
    if (steps[first]?.chained && failures.has(first - 1)) {
      failures.set(first++, CANCELED);
      continue;
    }
    const run = runFrom(steps, first);
    const bytes = writer.bytes(run[0]?.start, run.at(-1)?.end);
    const chained = Uint8Array.from(run, (step, i) => (i > 0 && step.chained ? 1 : 0));
    try {
      const socket = await socketIn(run[0]?.netns);
      for (const failure of await socket.transact(bytes, chained)) {
        failures.set(first + failure.index, failure);
      }
    } catch (error) {
      const status = statusOf(error);
      run.forEach((_, i) => failures.set(first + i, status));
    }
    first += run.length;
  }
  return failures;
}

/**
 * A namespace that could not be entered fails its own steps, not the report on the others.
 * @param {unknown} error @returns {Status}
 */
function statusOf(error) {
  if (!(error instanceof NetlinkError)) throw error;
  return { errno: error.errno, code: error.code, description: error.message };
}

/** @param {readonly Step[]} steps @param {number} first */
function runFrom(steps, first) {
  let end = first + 1;
  while (end < steps.length && steps[end]?.netns === steps[first]?.netns) end++;
  return steps.slice(first, end);
}

/**
 * The error of each operation, by position; undefined where it was carried out.
 * @param {readonly Operation[]} operations @param {readonly Step[]} steps @param {Map<number, Status>} failures
 */
export function resultsOf(operations, steps, failures) {
  /** @type {(NetlinkError | undefined)[]} */
  const results = operations.map(() => undefined);
  for (const [position, failure] of [...failures].sort(([a], [b]) => a - b)) {
    const index = steps[position]?.operation ?? 0;
    const op = operations[index];
    if (op === undefined || results[index] !== undefined) continue;
    results[index] = errorOf(failure, describe(op), { extack: true, index });
  }
  return results;
}

/**
 * A link that was made but could not be finished must not stay: takes it away again.
 * @param {readonly Operation[]} operations @param {readonly Step[]} steps @param {Map<number, Status>} failures
 * @param {(netns: string | undefined) => Promise<NativeSocket>} socketIn
 */
export async function removeHalfMade(operations, steps, failures, socketIn) {
  for (const [position, failure] of failures) {
    const step = steps[position];
    const op = operations[step?.operation ?? -1];
    if (op?.op !== 'link-add' || !step?.chained || failure.errno === CANCELED.errno) continue;
    const writer = new Writer();
    writeLinkDelete(writer, { name: op.name });
    const socket = await socketIn(op.netns);
    await socket.transact(writer.bytes(), new Uint8Array(1));
  }
}
