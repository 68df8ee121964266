import { addon } from './addon.js';
import { errorOf, invalid } from './error.js';

const ANY = new Uint8Array(16);
const BACKLOG = 4096;

/** @param {{ netns?: string, type: 'tcp' | 'udp', port?: number, backlog?: number }} o */
export async function transparentSocket({ netns = '', type, port = 0, backlog = BACKLOG }) {
  if (type !== 'tcp' && type !== 'udp') throw invalid(`neither tcp nor udp: ${String(type)}`);
  if (!Number.isInteger(backlog) || backlog < 1) throw invalid(`no backlog: ${backlog}`);
  const stream = type === 'tcp';
  return open(`listen on ${type} port ${port}`, {
    ...{ netns, stream, source: ANY, sourcePort: portOf(port), device: '' },
    backlog: stream ? backlog : 0,
  });
}

/** @param {string} request @param {import('./addon.js').InetSocketSpec} spec */
async function open(request, spec) {
  const { fd, ...status } = await addon.inetSocketOpen(spec);
  if (status.errno !== 0) throw errorOf(status, request);
  return fd;
}

/** @param {number} port */
function portOf(port) {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw invalid(`no port: ${port}`);
  return port;
}
