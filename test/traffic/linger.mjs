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

/** Asks once, and reads for as long as there is something to read. */
async function speak(socket, { url, isWebSocket = false }) {
  const { host, pathname } = new URL(url);
  const lines = [`GET ${pathname} HTTP/1.1`, `Host: ${host}`, ...(isWebSocket ? WEBSOCKET : [])];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1').slice(0, 200)));
  const how = await new Promise((resolve) => {
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
