import type { Duplex } from 'node:stream';
import { judge, type PluginRule, type ProtocolPlugin } from '../../plugins/plugin.js';

/** What a session judged: `rule` is the position of the rule that let it through, if there are rules. */
export interface Judged {
  readonly allowed: boolean;
  readonly rule?: number;
  readonly request: string;
}

export interface SessionOptions {
  readonly plugin: ProtocolPlugin;
  readonly rules: readonly PluginRule[];
  readonly onJudged: (judged: Judged) => void;
  /** Bytes that one request, or one answer, may take. Default 64 MiB. */
  readonly longest?: number;
}

/** What is to be sent next: to the server, or back. */
interface Turn {
  readonly isAllowed: boolean;
  readonly bytes: Buffer;
}

const LONGEST = 64 << 20;
/** Requests of one client that wait for answers to earlier ones. */
const MOST_WAITING = 1000;

/**
 * Lets those requests of a client through to its server that rules let through; the others are answered
 * in their turn. Whatever is not of the protocol ends both connections.
 */
export function filterSession(client: Duplex, server: Duplex, options: SessionOptions): void {
  const { plugin, rules, onJudged, longest = LONGEST } = options;
  const requests = plugin.requests();
  const answers = plugin.answers();
  const waiting: Turn[] = [];
  /** Requests that the server has yet to answer. */
  let unanswered = 0;
  let isClientDone = false;
  const unread = { client: 0, server: 0 };

  const end = (): void => {
    client.destroy();
    server.destroy();
  };
  /** Reads on, or ends everything: undefined. */
  const read = <T>(side: keyof typeof unread, push: () => readonly T[], size: number) => {
    try {
      const found = push();
      unread[side] = found.length > 0 ? 0 : unread[side] + size;
      if (unread[side] <= longest) return found;
    } catch {
      // What is no request, or no answer, cannot be judged: nothing after it can.
    }
    end();
    return undefined;
  };
  const pump = (): void => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (!next.isAllowed && unanswered > 0) break;
      waiting.shift();
      if (next.isAllowed) unanswered++;
      const [to, from] = next.isAllowed ? [server, client] : [client, client];
      if (!to.write(next.bytes)) pauseUntilDrained(from, to);
    }
    if (waiting.length < MOST_WAITING && !server.writableNeedDrain && !client.writableNeedDrain) {
      client.resume();
    }
    if (isClientDone && waiting.length === 0) server.end();
  };

  client.on('data', (data: Buffer) => {
    for (const request of read('client', () => requests.push(data), data.length) ?? []) {
      const rule = judge(plugin, rules, request);
      const isAllowed = rule !== undefined;
      const bytes = isAllowed ? plugin.encode(request) : plugin.deny(request);
      waiting.push({ isAllowed, bytes });
      onJudged({
        allowed: isAllowed,
        ...(rule === undefined || rule < 0 ? {} : { rule }),
        request: plugin.describe(request),
      });
    }
    if (waiting.length >= MOST_WAITING) client.pause();
    pump();
  });
  server.on('data', (data: Buffer) => {
    const found = read('server', () => answers.push(data), data.length);
    if (found === undefined) return;
    unanswered -= found.length;
    // Nobody asked for it: where answers end is not known any more.
    if (unanswered < 0) {
      end();
      return;
    }
    if (!client.write(data)) pauseUntilDrained(server, client);
    pump();
  });
  client.on('end', () => {
    isClientDone = true;
    pump();
  });
  server.on('end', () => client.end());
  for (const stream of [client, server]) {
    stream.on('error', end);
    stream.on('close', end);
  }
}

function pauseUntilDrained(from: Duplex, to: Duplex): void {
  from.pause();
  to.once('drain', () => from.resume());
}
