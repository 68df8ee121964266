import { createServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Path, Sockets } from '../proxy/dns/sockets.js';
import { DatagramSocket, transparentConnect } from './native.js';

/** Where the proxy's sockets are. */
export interface DNSPlace {
  /** Path of the namespace; absent: that of this process. */
  readonly netns?: string;
  /** Device that queries leave through; absent: any. */
  readonly device?: string;
}

/** The kernel's sockets, transparent: they answer as whoever was asked, and ask as the client. */
export function kernelSockets({ netns, device }: DNSPlace): Sockets {
  const place = { ...(netns !== undefined && { netns }), ...(device !== undefined && { device }) };
  return {
    listenDatagrams: (fd, handlers) => new DatagramSocket({ fd, ...place, ...handlers }),
    listenStreams: (fd, onConnection) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        const path = pathOf(socket);
        if (path === undefined) socket.destroy();
        else onConnection(socket, path);
      });
      server.on('error', () => undefined);
      server.listen({ fd });
      return { close: () => void server.close() };
    },
    connectDatagrams: (route, handlers) =>
      DatagramSocket.connect({ ...place, ...route, ...handlers }),
    connectStream: async (route, timeoutMs): Promise<Duplex> =>
      new Socket({ fd: await transparentConnect({ ...place, ...route, timeoutMs }) }),
  };
}

const MAPPED = /^::ffff:(?=\d+\.)/;

/** Undefined for a connection that is gone already. */
function pathOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): Path | undefined {
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  if (localAddress === undefined || localPort === undefined) return undefined;
  return {
    source: remoteAddress.replace(MAPPED, ''),
    sourcePort: remotePort,
    destination: localAddress.replace(MAPPED, ''),
    destinationPort: localPort,
  };
}
