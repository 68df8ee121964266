import { closeSync } from 'node:fs';
import { addon } from './addon.js';
import { errorOf, invalid, NetlinkError } from './error.js';
import { parseMapped } from './ip.js';
import { constants } from 'node:os';

const ANY = new Uint8Array(16);
const BACKLOG = 4096;
const LONGEST_DEVICE = 15;
const WRITABLE = 2;

/**
 * @typedef {object} Connection
 * @property {string} [netns]
 * @property {string} source
 * @property {number} [sourcePort]
 * @property {string} destination
 * @property {number} port
 * @property {string} [device]
 */

/** @param {{ netns?: string, type: 'tcp' | 'udp', port?: number, device?: string, mark?: number, backlog?: number }} o */
export async function transparentSocket({
  netns = '',
  type,
  port = 0,
  device = '',
  mark = 0,
  backlog = BACKLOG,
}) {
  if (type !== 'tcp' && type !== 'udp') throw invalid(`neither tcp nor udp: ${String(type)}`);
  if (!Number.isInteger(backlog) || backlog < 1) throw invalid(`no backlog: ${backlog}`);
  if (Buffer.byteLength(device) > LONGEST_DEVICE) throw invalid(`no device: ${device}`);
  const stream = type === 'tcp';
  return open(`listen on ${type} port ${port}`, {
    ...{ netns, stream, source: ANY, sourcePort: portOf(port), device, mark },
    backlog: stream ? backlog : 0,
  });
}

/** @param {Connection & { timeoutMs: number }} o */
export async function transparentConnect({ timeoutMs, ...connection }) {
  const fd = await openConnected(connection, true);
  const request = requestOf(connection, true);
  try {
    await connected(fd, timeoutMs, request);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** @param {Connection} o @param {boolean} stream which may be connecting yet */
export function openConnected(o, stream) {
  const { netns = '', source, sourcePort = 0, destination, port, device = '' } = o;
  if (Buffer.byteLength(device) > LONGEST_DEVICE) throw invalid(`no device: ${device}`);
  return open(requestOf(o, stream), {
    ...{ netns, stream, device, mark: 0, backlog: 0 },
    ...{ source: parseMapped(source), sourcePort: portOf(sourcePort) },
    ...{ destination: parseMapped(destination), destinationPort: portOf(port) },
  });
}

/** @param {Connection} o @param {boolean} stream */
function requestOf({ source, destination, port }, stream) {
  return `connect from ${source} to ${destination} port ${port}/${stream ? 'tcp' : 'udp'}`;
}

/** @param {number} fd @param {number} timeoutMs @param {string} request @returns {Promise<void>} */
function connected(fd, timeoutMs, request) {
  return new Promise((resolve, reject) => {
    /** @param {Error | undefined} error */
    const done = (error) => {
      clearTimeout(timer);
      poll.close();
      if (error === undefined) resolve();
      else reject(error);
    };
    const timer = setTimeout(() => {
      const [code, errno] = ['ETIMEDOUT', constants.errno.ETIMEDOUT];
      done(new NetlinkError(`${request}: no answer (${code})`, { code, errno, request }));
    }, timeoutMs);
    const poll = new addon.Poll(fd, () => {
      const status = addon.socketError(fd);
      done(status.errno === 0 ? undefined : errorOf(status, request));
    });
    const errno = poll.start(WRITABLE);
    if (errno !== 0) done(errorOf({ errno }, request));
  });
}

/** @param {string} request @param {import('./addon.js').InetSocketSpec} spec */
async function open(request, spec) {
  const { fd, ...status } = await addon.inetSocketOpen(spec);
  if (status.errno !== 0) throw errorOf(status, request);
  return fd;
}

/** @param {number} port */
export function portOf(port) {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw invalid(`no port: ${port}`);
  return port;
}
