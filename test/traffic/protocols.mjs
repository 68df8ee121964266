// What http.mjs speaks besides HTTP/1: HTTP/2 without TLS, TLS, WebSocket.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import tls from 'node:tls';

/** HTTP/2 and gRPC; tells `seen`, an array, what it gets. */
export async function serveHttp2({ port }, seen) {
  const server = http2.createServer();
  server.on('stream', async (stream, headers) => {
    const client = stream.session.socket.remoteAddress.replace(/^::ffff:/, '');
    seen.push({ method: headers[':method'], url: headers[':path'], client });
    const text = await textOf(stream);
    const type = headers['content-type'] ?? 'text/plain';
    const isGrpc = type.startsWith('application/grpc');
    stream.respond({ ':status': 200, 'content-type': type }, { waitForTrailers: isGrpc });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(`got ${text}`);
  });
  await once(server.listen(port, '::'), 'listening');
}

/** Requests at once in one connection; their answers in the same order. */
export async function askHttp2({ url, requests, timeout = 5000 }) {
  const session = http2.connect(url);
  try {
    session.on('error', () => undefined);
    session.setTimeout(timeout, () => session.destroy(new Error('timeout')));
    return await Promise.all(requests.map((request) => askStream(session, request)));
  } finally {
    session.destroy();
  }
}

async function askStream(session, { path, method = 'GET', headers = {}, body = '' }) {
  try {
    const fields = { ':method': method, ':path': path, ...headers };
    const stream = session.request(fields, { endStream: body === '' });
    let trailers;
    stream.on('trailers', (got) => (trailers = { ...got }));
    if (body !== '') stream.end(body);
    const [response] = await once(stream, 'response');
    const text = await textOf(stream);
    return { status: response[':status'], text, ...(trailers && { trailers }) };
  } catch (error) {
    return { error: error.code ?? error.message };
  }
}

/** Answers with the name that it was asked for. */
export async function serveTls({ port, key, cert }, seen) {
  const options = { key: readFileSync(key), cert: readFileSync(cert) };
  const server = tls.createServer(options, (socket) => {
    const client = socket.remoteAddress.replace(/^::ffff:/, '');
    seen.push({ method: 'TLS', url: socket.servername || '', client });
    socket.on('error', () => undefined);
    socket.end(`hello ${socket.servername}\n`);
  });
  server.on('connection', ({ remoteAddress }) => {
    seen.push({ method: 'TCP', url: '', client: remoteAddress.replace(/^::ffff:/, '') });
  });
  await once(server.listen(port, '::'), 'listening');
}

/** What a server of TLS says, and the fingerprint of its certificate. */
export async function askTls({ host, port, servername, timeout = 5000 }) {
  const options = { host, port, rejectUnauthorized: false, timeout };
  const socket = tls.connect({ ...options, ...(servername && { servername }) });
  socket.on('timeout', () => socket.destroy(new Error('timeout')));
  try {
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    return { text: await textOf(socket), fingerprint: fingerprint256 };
  } catch (error) {
    return { error: error.code ?? error.message };
  }
}

/** RFC 6455, 4.2.2. */
function acceptance(key) {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** Says back whatever comes once the protocol has changed. */
export function acceptUpgrade({ headers }, socket) {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: upgrade',
    `Upgrade: ${headers.upgrade}`,
    `Sec-WebSocket-Accept: ${acceptance(headers['sec-websocket-key'])}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
}

/** Asks for another protocol, and says something in it. */
export async function upgrade({ url, protocol, say, timeout = 5000 }) {
  const headers = {
    connection: 'Upgrade',
    upgrade: protocol,
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const request = http.request(url, { headers, timeout });
  request.on('timeout', () => request.destroy(new Error('timeout')));
  request.end();
  return await new Promise((resolve) => {
    request.on('error', (error) => resolve({ error: error.code ?? error.message }));
    request.on('response', (response) => {
      response.resume();
      resolve({ status: response.statusCode });
    });
    request.on('upgrade', async ({ statusCode, headers: answer }, socket, head) => {
      socket.end(say);
      const text = head.toString('utf8') + (await textOf(socket));
      resolve({ status: statusCode, protocol: answer.upgrade, text });
    });
  });
}

async function textOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
