// A connection that is held until somebody ends it: part of http.mjs.
import { once } from 'node:events';
import { connect } from 'node:net';

const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

/**
 * Those that the kernel does not choose from. It may give connections to a service and to the service's
 * back-end the same port, and to the back-end they are one: see ARCHITECTURE, Services.
 */
const [FIRST_PORT, PORTS] = [61_000, 4000];
let opened = 0;

/** Connects from a port that no other connection here has, and says nothing yet. */
function knock(url) {
  const { hostname, port } = new URL(url);
  const localPort = FIRST_PORT + (opened++ % PORTS);
  return connect({ host: hostname.replace(/[[\]]/g, ''), port: Number(port || 80), localPort });
}

/** What a proxy answers, with a page of its own, when the connection on its way is gone. */
const IN_PLACE = /^HTTP\/1\.1 50[23] .*<\/html>\s*$/s;

/** Asks once, and reads for as long as there is something to read, or until a proxy has answered instead. */
async function speak(socket, { url, isWebSocket = false }) {
  const { host, pathname } = new URL(url);
  const lines = [`GET ${pathname} HTTP/1.1`, `Host: ${host}`, ...(isWebSocket ? WEBSOCKET : [])];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let text = '';
  const how = await new Promise((resolve) => {
    socket.on('data', (chunk) => {
      text = (text + chunk.toString('latin1')).slice(0, 1000);
      if (IN_PLACE.test(text)) resolve('answered');
    });
    socket.on('end', () => resolve('end'));
    socket.on('error', ({ code }) => resolve(code));
  });
  socket.destroy();
  return { how, at: Date.now(), text: text.slice(0, 200) };
}

export function linger(request) {
  return speak(knock(request.url), request);
}

const silent = new Map();

/** Returns once it is connected, by what this side knows. */
export async function connectSilently({ url }) {
  const socket = knock(url);
  silent.set(url, socket);
  await once(socket, 'connect');
}

/** The same connection goes on as `linger` would. */
export function breakSilence(request) {
  const socket = silent.get(request.url);
  silent.delete(request.url);
  return speak(socket, request);
}
