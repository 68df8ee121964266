import { connect } from 'node:net';
import { http2Statuses } from './http2-frames.js';

/** Something that a client might send to get past the rules in smuggling-cases.ts. */
export interface SmugglingCase {
  readonly name: string;
  /** Each part is a packet of its own. Text is Latin-1. */
  readonly send: readonly (string | Buffer)[];
  /** Statuses of the answers; 0 for a stream of HTTP/2 or a connection that ends without one. */
  readonly statuses: readonly number[];
  /** `GET /v1/x`: exactly what the server may hear of it. */
  readonly reaches: readonly string[];
}

export interface Place {
  readonly host: string;
  readonly port: number;
}

const PATIENCE = 5000;
/** Milliseconds in which more answers than expected would come. */
const QUIET = 12;
const BETWEEN = 15;

/** Whether the client speaks HTTP/2 from the start. */
export function isHttp2({ send: [first = ''] }: Pick<SmugglingCase, 'send'>): boolean {
  return Buffer.from(first as string, 'latin1')
    .toString('latin1')
    .startsWith('PRI * HTTP/2.0');
}

/** Sends a case to a server, and returns the statuses of what it answers. */
export async function runCase({ send, statuses }: SmugglingCase, place: Place): Promise<number[]> {
  const socket = connect({ ...place, allowHalfOpen: true, noDelay: true });
  let received = Buffer.alloc(0);
  let isOver = false;
  socket.on('data', (data: Buffer) => (received = Buffer.concat([received, data])));
  socket.on('error', () => (isOver = true));
  socket.on('end', () => (isOver = true));
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  const parts = send.map((part) => Buffer.from(part as string, 'latin1'));
  const found = (): number[] =>
    isHttp2({ send }) ? http2Statuses(received) : http1Statuses(received);
  for (const part of parts) {
    socket.write(part);
    if (send.length > 1) await wait(BETWEEN);
  }
  const isDone = (): boolean => isOver || found().length >= statuses.length;
  for (let waited = 0; waited < PATIENCE && !isDone(); waited += 5) await wait(5);
  await wait(QUIET);
  socket.end();
  await Promise.race([closed, wait(PATIENCE)]);
  socket.destroy();
  const answered = found();
  return answered.length === 0 && statuses.length > 0 ? [0] : answered;
}

function http1Statuses(received: Buffer): number[] {
  const answers = received.toString('latin1').matchAll(/HTTP\/1\.[01] (\d{3}) /g);
  return [...answers].map(([, status]) => Number(status));
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds));
}
