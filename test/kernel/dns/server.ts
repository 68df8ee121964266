import packet, { type Packet } from 'dns-packet';
import { DatagramSocket, transparentSocket, type DatagramPath } from 'iproute2-netlink';
import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { Unframer } from '../../../src/proxy/dns/framing.js';
import type { TestNetns } from '../../iproute2-netlink/support.js';

/** What came, and from where. */
export interface Received {
  readonly transport: 'udp' | 'tcp';
  readonly path: DatagramPath;
  readonly message: Packet;
}

/** Messages that answer one, each sent as it is; a promise may take its time. */
export type Answering = (received: Received) => Promise<Buffer[]> | Buffer[];

/** A name server on port 53, in both families and over both transports. */
export class TestServer {
  readonly received: Received[] = [];

  private constructor(private readonly answering: Answering) {}

  static async start(netns: Pick<TestNetns, 'path'>, answering: Answering): Promise<TestServer> {
    const server = new TestServer(answering);
    const where = { netns: netns.path, port: 53 };
    const udp = await transparentSocket({ ...where, type: 'udp' });
    const datagrams = new DatagramSocket({
      fd: udp,
      onMessage: (data, path) => {
        const back = { from: path.destination, to: path.source, toPort: path.sourcePort };
        server.#answer({ transport: 'udp', path, message: packet.decode(data) }, (answer) => {
          void datagrams.send(answer, back);
        });
      },
    });
    const streams = createServer((socket) => {
      server.#serve(socket);
    });
    streams.listen({ fd: await transparentSocket({ ...where, type: 'tcp' }) });
    onTestFinished(() => {
      datagrams.close();
      streams.close();
    });
    return server;
  }

  #serve(socket: Socket): void {
    const unframer = new Unframer();
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    const path: DatagramPath = {
      source: String(socket.remoteAddress).replace('::ffff:', ''),
      sourcePort: Number(socket.remotePort),
      destination: String(socket.localAddress).replace('::ffff:', ''),
      destinationPort: Number(socket.localPort),
    };
    socket.on('data', (piece: Buffer) => {
      for (const data of unframer.push(piece)) {
        this.#answer({ transport: 'tcp', path, message: packet.decode(data) }, (answer) => {
          if (answer.length === 0) socket.destroy();
          else socket.write(framed(answer));
        });
      }
    });
  }

  #answer(received: Received, send: (answer: Buffer) => void): void {
    this.received.push(received);
    void (async () => {
      for (const answer of await this.answering(received)) send(answer);
    })();
  }
}

export function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]);
}
