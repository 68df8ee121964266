import { constants } from 'node:os';

/** @import { Status } from './addon.js' */

/** See index.d.ts. */
export class NetlinkError extends Error {
  /** @type {'NetlinkError'} */
  name = 'NetlinkError';
  /** @type {string} */
  code;
  /** @type {number} */
  errno;

  /**
   * @param {string} message
   * @param {{ code: string, errno: number, extack?: string, request?: string, index?: number, cause?: unknown }} fields
   */
  constructor(message, { cause, ...fields }) {
    super(message, cause === undefined ? undefined : { cause });
    const { code, errno, ...rest } = fields;
    this.code = code;
    this.errno = errno;
    Object.assign(this, rest);
  }
}

/**
 * The error for a status that is not 0.
 * @param {Status} status
 * @param {string} request what was asked for, in a few words
 * @param {{ extack?: boolean, index?: number }} [o] extack: the status' text is the kernel's
 */
export function errorOf(status, request, { extack = false, index } = {}) {
  const code = status.code ?? `E${status.errno}`;
  const words = [status.description ?? code, status.text].filter(Boolean).join(': ');
  return new NetlinkError(`${request}: ${words} (${code})`, {
    code,
    errno: status.errno,
    request,
    ...(extack && status.text !== undefined && { extack: status.text }),
    ...(index !== undefined && { index }),
  });
}

/**
 * An argument that no message can be made of: EINVAL, found before anything is sent.
 * @param {string} what
 */
export function invalid(what) {
  return new NetlinkError(what, { code: 'EINVAL', errno: constants.errno.EINVAL });
}
