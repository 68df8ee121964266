import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a server understood of a request. */
export interface Recorded {
  /** `GET /v1/x`, exactly as it was asked for. */
  readonly request: string;
  readonly version: '1.0' | '1.1' | '2';
  readonly host: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

const PREFACE = 'PRI * HTTP/2.0';

/**
 * A server of HTTP/1 and of HTTP/2 without TLS on one port that tells what it got. It takes what no server
 * should take, and changes protocols whenever it is asked to: whatever a proxy lets through, this one does.
 */
export class Recorder {
  readonly seen: Recorded[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #http = createHttp({ insecureHTTPParser: true, joinDuplicateHeaders: true });
  readonly #http2 = createHttp2();
  readonly #server = createServer({ allowHalfOpen: true }, (socket) => this.#sniff(socket));

  private constructor() {
    this.#http.on('request', (request, response) => {
      void this.#record(request).then(() => response.end(`got ${request.url ?? ''}\n`));
    });
    for (const event of ['upgrade', 'connect'] as const) {
      this.#http.on(event, (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        this.#add(request, '');
        const status = event === 'connect' ? '200 OK' : '101 Switching Protocols';
        const upgrade = request.headers.upgrade ?? 'none';
        socket.write(`HTTP/1.1 ${status}\r\nConnection: upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`);
        this.#tunnel(socket, head);
      });
    }
    this.#http.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
      const isCutOff = code === 'ECONNRESET' || code === 'HPE_INVALID_EOF_STATE';
      if (!isCutOff) this.#note(`malformed: ${code ?? 'unknown'}`);
      socket.destroy();
    });
    this.#http2.on('stream', (stream, headers) => {
      const request = `${headers[':method'] ?? ''} ${headers[':path'] ?? ''}`;
      const host = headers[':authority'] ?? headers.host ?? '';
      void textOf(stream).then((body) => {
        this.seen.push({ request, version: '2', host, headers, body });
        this.#answer(stream, headers['content-type']);
      });
    });
    this.#http2.on('sessionError', () => undefined);
  }

  static async start(): Promise<Recorder> {
    const made = new Recorder();
    made.#server.listen(0, '127.0.0.1');
    await once(made.#server, 'listening');
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What it got since this was last called. */
  take(): Recorded[] {
    return this.seen.splice(0);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #sniff(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('readable', () => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) {
        socket.end();
        return;
      }
      const isHttp2 = chunk.toString('latin1').startsWith(PREFACE);
      socket.unshift(chunk);
      (isHttp2 ? this.#http2 : this.#http).emit('connection', socket);
      if (!isHttp2) socket.resume();
    });
  }

  async #record(request: IncomingMessage): Promise<void> {
    const body = await textOf(request).catch(() => '(cut off)');
    this.#add(request, body);
  }

  #add({ method = '', url = '', httpVersion, headers }: IncomingMessage, body: string): void {
    const version = httpVersion as '1.0' | '1.1';
    this.seen.push({
      request: `${method} ${url}`,
      version,
      host: headers.host ?? '',
      headers,
      body,
    });
  }

  #note(what: string): void {
    this.seen.push({ request: what, version: '1.1', host: '', headers: {}, body: '' });
  }

  #tunnel(socket: Duplex, head: Buffer): void {
    const take = (data: Buffer): void => {
      if (data.length > 0) this.#note(`tunnel ${data.toString('latin1')}`);
    };
    take(head);
    socket.on('data', take);
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
  }

  #answer(stream: ServerHttp2Stream, type = 'text/plain'): void {
    if (stream.destroyed) return;
    stream.on('error', () => undefined);
    const isGrpc = type.startsWith('application/grpc');
    stream.respond({ ':status': 200, 'content-type': type }, { waitForTrailers: isGrpc });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end('got it\n');
  }
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}
