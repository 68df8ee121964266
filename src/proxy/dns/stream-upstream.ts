import type { Duplex } from 'node:stream';
import { answers } from './answer.js';
import { deferred, freshId, NoAnswer } from './exchange.js';
import { frame, Unframer } from './framing.js';
import type { Query } from './query.js';
import type { Route, Sockets } from './sockets.js';
import { withId } from './wire.js';

interface Waiting {
  readonly question: Buffer;
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The server's side of one client's connection. It is opened for the first query, and again when the
 * server has closed it; answers come in any order.
 */
export class StreamUpstream {
  #stream: Promise<Duplex> | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #closed = false;

  constructor(
    private readonly sockets: Sockets,
    private readonly route: Route,
    private readonly timeoutMs: number,
  ) {}

  async exchange(query: Query): Promise<Buffer> {
    if (this.#closed) throw new NoAnswer('unreachable');
    const id = freshId(this.#waiting);
    const { promise, resolve, reject } = deferred<Buffer>();
    const waiting = { question: query.question, resolve, reject };
    this.#waiting.set(id, waiting);
    const timer = setTimeout(() => {
      reject(new NoAnswer('timeout'));
    }, this.timeoutMs);
    try {
      this.#stream ??= this.#open();
      this.#stream.then(
        (stream) => stream.write(frame(withId(query.message, id))),
        (cause: unknown) => {
          reject(new NoAnswer('unreachable', { cause }));
        },
      );
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  close(): void {
    this.#closed = true;
    const stream = this.#stream;
    this.#gone(stream);
    stream?.then(
      (opened) => opened.destroy(),
      () => undefined,
    );
  }

  #open(): Promise<Duplex> {
    const opening = this.sockets.connectStream(this.route, this.timeoutMs).then((stream) => {
      const unframer = new Unframer();
      stream.on('data', (piece: Buffer) => {
        for (const message of unframer.push(piece)) this.#take(message);
      });
      stream.on('error', () => stream.destroy());
      stream.on('end', () => stream.destroy());
      stream.on('close', () => {
        this.#gone(opening);
      });
      return stream;
    });
    opening.catch(() => {
      this.#gone(opening);
    });
    return opening;
  }

  #take(message: Buffer): void {
    if (message.length < 2) return;
    const id = message.readUInt16BE(0);
    const waiting = this.#waiting.get(id);
    if (waiting && answers(message, id, waiting.question)) waiting.resolve(message);
  }

  /** Whoever waits for a stream that is gone waits in vain. */
  #gone(stream: Promise<Duplex> | undefined): void {
    if (stream !== this.#stream) return;
    this.#stream = undefined;
    for (const { reject } of this.#waiting.values()) reject(new NoAnswer('unreachable'));
  }
}
