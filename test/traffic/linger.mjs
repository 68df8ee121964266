// A connection that is held until somebody ends it: part of http.mjs.
import { connect } from 'node:net';

const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** Asks once, and reads for as long as there is something to read. */
export async function linger({ url, isWebSocket = false }) {
  const { hostname, host, port, pathname } = new URL(url);
  const socket = connect({ host: hostname.replace(/[[\]]/g, ''), port: Number(port || 80) });
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
