import { randomInt } from 'node:crypto';
import { answers } from './answer.js';
import type { Query } from './query.js';
import type { Route, Sockets } from './sockets.js';
import { withId } from './wire.js';

/** The answer to a query, with the id of what was sent. */
export type Exchange = (query: Query) => Promise<Buffer>;

/** No answer came: in time, or at all. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor(
    readonly why: 'timeout' | 'unreachable',
    options?: ErrorOptions,
  ) {
    super(`no answer: ${why}`, options);
  }
}

const IDS = 65_536;

/** An id that none in flight on the same path has. */
export function freshId(taken: { has(id: number): boolean }): number {
  for (;;) {
    const id = randomInt(IDS);
    if (!taken.has(id)) return id;
  }
}

/**
 * By a socket, a port and an id of its own, so that who cannot see the query has to guess 32 bits.
 * What does not answer the question is ignored: the true answer may come yet.
 */
export async function exchangeDatagram(
  sockets: Sockets,
  route: Route,
  query: Query,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Buffer> {
  const id = randomInt(IDS);
  const { promise, resolve, reject } = deferred<Buffer>();
  const unreachable = (cause?: unknown): void => {
    reject(new NoAnswer('unreachable', { cause }));
  };
  const timer = setTimeout(() => {
    reject(new NoAnswer('timeout'));
  }, timeoutMs);
  if (signal.aborted) unreachable();
  signal.addEventListener('abort', unreachable, { once: true });
  const opened = sockets.connectDatagrams(route, {
    onMessage: (data) => {
      if (answers(data, id, query.question)) resolve(data);
    },
    onError: unreachable,
  });
  try {
    opened.then((socket) => socket.send(withId(query.message, id))).catch(unreachable);
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', unreachable);
    void opened.then(
      (socket) => {
        socket.close();
      },
      () => undefined,
    );
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}
