import type { DNSListener } from '../../model/l7.js';
import { exchangeDatagram } from './exchange.js';
import type { Handler } from './handler.js';
import type { DNSLimits } from './limits.js';
import type { Path, Sockets } from './sockets.js';

export interface ServeOptions {
  readonly sockets: Sockets;
  readonly handler: Handler;
  readonly limits: DNSLimits;
  readonly listener: DNSListener;
}

/** Answers what comes over `fd`, which it takes over. */
export function serveDatagrams(fd: number, options: ServeOptions): { close(): void } {
  const { sockets, handler, listener, limits } = options;
  const { timeoutMs } = limits;
  const stop = new AbortController();
  const { signal } = stop;
  const answerOne = async (message: Buffer, path: Path): Promise<void> => {
    const route = {
      source: path.source,
      destination: path.destination,
      port: path.destinationPort,
    };
    const answer = await handler.handle(message, {
      ...{ listener, transport: 'udp', path },
      exchange: (query) => exchangeDatagram(sockets, route, query, { timeoutMs, signal }),
    });
    if (answer === undefined || signal.aborted) return;
    const { destination: from, destinationPort, localPort: fromPort = destinationPort } = path;
    await socket.send(answer, { from, fromPort, to: path.source, toPort: path.sourcePort });
  };
  const socket = sockets.listenDatagrams(fd, {
    onMessage: (message, path) => {
      // an answer that cannot be sent is lost like any datagram: it is asked again
      answerOne(message, path).catch(() => undefined);
    },
  });
  return {
    close: () => {
      stop.abort();
      socket.close();
    },
  };
}
