import { createServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Path, Sockets } from '../proxy/dns/sockets.js';
import { DatagramSocket, transparentConnect } from './native.js';
import { askedPort } from './redirects.js';

/** Where the proxy's sockets are. */
export interface DNSPlace {
  /** Path of the namespace; absent: that of this process. */
  readonly netns?: string;
  /** Device that queries leave through; absent: any. */
  readonly device?: string;
  /** Directory of the pinned maps that tell what a client asked for (mode nat). */
  readonly redirects?: string;
}

/** The kernel's sockets, transparent: they answer as whoever was asked, and ask as the client. */
export function kernelSockets({ netns, device, redirects }: DNSPlace): Sockets {
  const place = { ...(netns !== undefined && { netns }), ...(device !== undefined && { device }) };
  return {
    listenDatagrams: (fd, { onMessage, ...handlers }) =>
      new DatagramSocket({
        fd,
        ...place,
        ...handlers,
        onMessage: (data, path) => {
          onMessage(data, asAsked(path, redirects));
        },
      }),
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

/** With the port that the client asked for, where the socket has another one: of a connection the kernel tells. */
function asAsked(path: Path, redirects: string | undefined): Path {
  if (redirects === undefined) return path;
  const asked = askedPort(redirects, path);
  const localPort = path.destinationPort;
  return asked === undefined ? path : { ...path, destinationPort: asked, localPort };
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
