import packet, { type DecodedPacket, type Packet } from 'dns-packet';
import { DatagramSocket, transparentConnect } from 'iproute2-netlink';
import { EventEmitter, once } from 'node:events';
import { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { Unframer } from '../../../src/proxy/dns/framing.js';
import type { Addresses } from './network.js';
import { framed } from './server.js';

/** In whose namespace clients are. */
export interface Asker {
  readonly client: { readonly path: string };
}

/** One socket of a client, over which any queries go. */
export class TestClient {
  readonly #came: Buffer[] = [];
  readonly #arrivals = new EventEmitter();

  private constructor(
    readonly port: number,
    private readonly write: (message: Buffer) => void,
  ) {}

  static async udp({ client }: Asker, to: Addresses, port = 53): Promise<TestClient> {
    const socket = await DatagramSocket.connect({
      ...{ netns: client.path, source: to.client, destination: to.server, port },
      onMessage: (data) => {
        self.#take(data);
      },
    });
    onTestFinished(() => {
      socket.close();
    });
    const self = new TestClient(socket.port, (message) => void socket.send(message));
    return self;
  }

  static async tcp({ client }: Asker, to: Addresses): Promise<TestClient & { socket: Socket }> {
    const fd = await transparentConnect({
      ...{ netns: client.path, source: to.client, destination: to.server, port: 53 },
      timeoutMs: 10_000,
    });
    const socket = new Socket({ fd });
    onTestFinished(() => void socket.destroy());
    const self = new TestClient(Number(socket.localPort), (message) => {
      socket.write(framed(message));
    });
    const unframer = new Unframer();
    socket.on('data', (piece: Buffer) => {
      for (const message of unframer.push(piece)) self.#take(message);
    });
    socket.on('error', () => undefined);
    return Object.assign(self, { socket });
  }

  send(message: Buffer): void {
    this.write(message);
  }

  async ask(name: string, type: 'A' | 'AAAA' = 'A', id = 1): Promise<DecodedPacket> {
    this.send(query(name, { type, id }));
    return this.next();
  }

  async next(): Promise<DecodedPacket> {
    return packet.decode(await this.nextRaw());
  }

  async nextRaw(): Promise<Buffer> {
    for (;;) {
      const message = this.#came.shift();
      if (message !== undefined) return message;
      await once(this.#arrivals, 'message');
    }
  }

  #take(message: Buffer): void {
    this.#came.push(message);
    this.#arrivals.emit('message');
  }
}

export function query(
  name: string,
  { type = 'A', id = 1, ...rest }: { type?: 'A' | 'AAAA'; id?: number } & Omit<Packet, 'type'> = {},
): Buffer {
  const flags = packet.RECURSION_DESIRED;
  return packet.encode({ flags, questions: [{ name, type }], ...rest, type: 'query', id });
}
