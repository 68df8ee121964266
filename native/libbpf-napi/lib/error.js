import { constants } from 'node:os';

/** @import { Outcome } from './addon.js' */

/** Lines of a log that say what went wrong, rather than how far the verifier came. */
const LOG_TAIL = 40;

/** See index.d.ts. */
export class BpfError extends Error {
  name = 'BpfError';

  /**
   * @param {string} message
   * @param {{ code: string, errno: number, syscall: string, log?: string }} fields
   */
  constructor(message, { code, errno, syscall, log }) {
    super(message);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    if (log !== undefined) this.log = log;
  }
}

/**
 * Passes on an outcome that is fine, and throws one that is not.
 * @template {Outcome} T
 * @param {T} outcome
 * @param {string} what what was asked for, in a few words
 * @returns {T}
 */
export function checked(outcome, what) {
  if (outcome.errno === 0) return outcome;
  const { errno, code = 'EUNKNOWN', description = code, call = 'bpf', log } = outcome;
  const tail = log?.trimEnd().split('\n').slice(-LOG_TAIL).join('\n');
  const summary = tail === undefined ? undefined : summaryOf(tail);
  const words = [description, summary].filter((part) => part !== undefined).join(': ');
  throw new BpfError(`${what}: ${words} (${code} from ${call})`, {
    code,
    errno,
    syscall: call,
    ...(tail !== undefined && { log: tail }),
  });
}

/**
 * The verifier's verdict stands right before its statistics; what libbpf says of it follows.
 * @param {string} log
 */
function summaryOf(log) {
  const lines = log.split('\n').map((line) => line.trim());
  const statistics = lines.findIndex((line) => line.startsWith('processed '));
  if (statistics > 0) return lines[statistics - 1];
  return lines.find((line) => line.startsWith('libbpf:'))?.replace(/^libbpf: /, '');
}

/**
 * @param {string} what
 * @param {'EBADF' | 'EINVAL'} code
 */
export function refused(what, code = 'EINVAL') {
  return new BpfError(`${what} (${code})`, {
    code,
    errno: constants.errno[code],
    syscall: 'check',
  });
}
