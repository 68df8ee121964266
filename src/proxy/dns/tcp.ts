import type { Duplex } from 'node:stream';
import { frame, Unframer } from './framing.js';
import type { Places } from './limits.js';
import type { Path } from './sockets.js';
import { StreamUpstream } from './stream-upstream.js';
import type { ServeOptions } from './udp.js';

/** Answers what comes over connections that `fd` accepts, which it takes over. */
export function serveStreams(
  fd: number,
  options: ServeOptions & { readonly connections: Places },
): { close(): void } {
  const open = new Set<Duplex>();
  const server = options.sockets.listenStreams(fd, (stream, path) => {
    const giveBack = options.connections.take(path.source);
    if (giveBack === undefined) {
      stream.destroy();
      return;
    }
    open.add(stream);
    stream.on('close', () => {
      open.delete(stream);
      giveBack();
    });
    serveOne(stream, path, options);
  });
  return {
    close: () => {
      server.close();
      for (const stream of open) stream.destroy();
    },
  };
}

function serveOne(stream: Duplex, path: Path, options: ServeOptions): void {
  const { sockets, handler, listener, limits } = options;
  const route = { source: path.source, destination: path.destination, port: path.destinationPort };
  const upstream = new StreamUpstream(sockets, route, limits.timeoutMs);
  const unframer = new Unframer();
  let asked = 0;
  let ended = false;
  const idle = setTimeout(() => stream.destroy(), limits.idleMs);
  const answerOne = async (message: Buffer): Promise<void> => {
    if (++asked >= limits.pipelined) stream.pause();
    const answer = await handler.handle(message, {
      ...{ listener, transport: 'tcp', path },
      exchange: (query) => upstream.exchange(query),
    });
    asked--;
    if (stream.destroyed) return;
    idle.refresh();
    // what is no query of the DNS cannot be told where it ends either
    if (answer === undefined || stream.writableLength > MOST_HELD) stream.destroy();
    else stream.write(frame(answer));
    if (asked < limits.pipelined && stream.writableLength <= MOST_UNREAD) stream.resume();
    if (ended && asked === 0) stream.end();
  };
  stream.on('data', (piece: Buffer) => {
    idle.refresh();
    for (const message of unframer.push(piece)) void answerOne(message);
  });
  stream.on('drain', () => {
    if (asked < limits.pipelined) stream.resume();
  });
  stream.on('end', () => {
    ended = true;
    if (asked === 0) stream.end();
  });
  stream.on('error', () => stream.destroy());
  stream.on('close', () => {
    clearTimeout(idle);
    upstream.close();
  });
}

/** Bytes of answers that a client has not read. Above the first its queries wait; above the second it goes. */
const MOST_UNREAD = 65_536;
const MOST_HELD = 1 << 20;
