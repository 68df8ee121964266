import type { Duplex } from 'node:stream';

/** Both ends of what a client sent: its own, and where it was going. */
export interface Path {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Of the socket that got it, where that is another one: answers come from there. */
  readonly localPort?: number;
}

export interface DatagramHandlers {
  readonly onMessage: (data: Buffer, path: Path) => void;
  readonly onError?: (error: Error) => void;
}

/** UDP socket that answers from any address and port. */
export interface Listening {
  send(
    data: Uint8Array,
    path: {
      readonly from: string;
      readonly fromPort: number;
      readonly to: string;
      readonly toPort: number;
    },
  ): Promise<void>;
  close(): void;
}

/** UDP socket that is connected to a server. */
export interface Connected {
  send(data: Uint8Array): Promise<void>;
  close(): void;
}

/** From whom, and to whom: `source` with a port that is nobody else's. */
export interface Route {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

/** How the proxy of the DNS comes to sockets. */
export interface Sockets {
  /** Takes `fd` over. */
  listenDatagrams(fd: number, handlers: DatagramHandlers): Listening;
  /** Takes `fd`, which listens, over; each connection comes with its ends. */
  listenStreams(fd: number, onConnection: (stream: Duplex, path: Path) => void): { close(): void };
  connectDatagrams(route: Route, handlers: DatagramHandlers): Promise<Connected>;
  connectStream(route: Route, timeoutMs: number): Promise<Duplex>;
}
