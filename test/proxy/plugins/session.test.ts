import { duplexPair, type Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redis } from '../../../src/plugins/redis.js';
import type { PluginRule, ProtocolPlugin } from '../../../src/plugins/plugin.js';
import { filterSession, type Judged } from '../../../src/proxy/plugins/session.js';

const plugin = redis as unknown as ProtocolPlugin;
const DENIED = redis.deny([]).toString();

interface Bench {
  readonly client: Duplex;
  readonly server: Duplex;
  readonly judged: Judged[];
  /** The session's ends of both connections. */
  readonly ends: readonly Duplex[];
  /** What came to whom. */
  readonly got: { client: string; server: string };
}

function bench(rules: readonly PluginRule[], longest?: number): Bench {
  const [client, clientSide] = duplexPair();
  const [server, serverSide] = duplexPair();
  const judged: Judged[] = [];
  const onJudged = (one: Judged): void => void judged.push(one);
  filterSession(clientSide, serverSide, {
    ...{ plugin, rules, onJudged },
    ...(longest === undefined ? {} : { longest }),
  });
  const got = { client: '', server: '' };
  client.on('data', (data: Buffer) => (got.client += data.toString('latin1')));
  server.on('data', (data: Buffer) => (got.server += data.toString('latin1')));
  for (const stream of [client, server]) stream.on('error', () => undefined);
  return { client, server, judged, ends: [clientSide, serverSide], got };
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await turn();
};
const get = (key: string): Buffer => redis.encode(['GET', key]);
const RULES = [{ command: 'GET', key: 'public:*' }];

describe('a session', () => {
  it('lets through what rules let through, and answers the rest', async () => {
    const { client, server, got, judged } = bench(RULES);
    client.write(get('public:1'));
    await settled();
    expect(got.server).toBe(get('public:1').toString());
    server.write('$1\r\nx\r\n');
    client.write(get('secret'));
    await settled();
    expect(got.server).toBe(get('public:1').toString());
    expect(got.client).toBe(`$1\r\nx\r\n${DENIED}`);
    expect(judged).toEqual([
      { allowed: true, rule: 0, request: 'GET public:1' },
      { allowed: false, request: 'GET secret' },
    ]);
  });

  it('answers in the order of the questions, whichever are denied and however they come', async () => {
    const keys = fc.array(fc.constantFrom('public:1', 'public:2', 'secret'), { maxLength: 12 });
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(keys, sizes, fc.boolean(), async (asked, pieces, atOnce) => {
        const { client, server, got } = bench(RULES);
        const parser = redis.requests();
        server.on('data', (data: Buffer) => {
          const answers = parser
            .push(data)
            .map(([, key = '']) => `$${String(key.length)}\r\n${key}\r\n`);
          if (atOnce) server.write(answers.join(''));
          else for (const one of answers) server.write(one);
        });
        const bytes = Buffer.concat(asked.map(get));
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = pieces[i] ?? bytes.length;
          client.write(bytes.subarray(at, at + size));
          at += size;
          if (i % 3 === 0) await turn();
        }
        await settled();
        const expected = asked.map((key) =>
          key === 'secret' ? DENIED : `$${String(key.length)}\r\n${key}\r\n`,
        );
        expect(got.client).toBe(expected.join(''));
        expect(got.server).toBe(
          asked
            .filter((key) => key !== 'secret')
            .map((key) => get(key).toString())
            .join(''),
        );
        client.destroy();
      }),
      { numRuns: 60 },
    );
  });

  it('waits with a refusal until the server has answered what was asked before', async () => {
    const { client, server, got } = bench(RULES);
    client.write(Buffer.concat([get('public:1'), get('secret'), get('public:2')]));
    await settled();
    expect(got).toEqual({ client: '', server: get('public:1').toString() });
    server.write('$-1\r\n');
    await settled();
    expect(got.client).toBe(`$-1\r\n${DENIED}`);
    expect(got.server).toBe(Buffer.concat([get('public:1'), get('public:2')]).toString());
  });

  it.each([
    ['is of no client', 'client', 'GET public:1\r\n'],
    ['nobody asked for', 'server', '$1\r\nx\r\n'],
    ['is no answer', 'server', '!\r\n'],
  ] as const)('ends both connections for what %s', async (_, side, text) => {
    const both = bench(RULES);
    both[side].write(text);
    await settled();
    expect(both.ends.map(({ destroyed }) => destroyed)).toEqual([true, true]);
    both.client.write(get('public:1'));
    await settled();
    expect(both.got.server).toBe('');
  });

  it('ends for a request that has no end', async () => {
    const { client, got } = bench(RULES, 100);
    client.write('*2\r\n$3\r\nGET\r\n$1000\r\n');
    client.write('x'.repeat(200));
    await settled();
    client.write(`${'x'.repeat(800)}\r\n`);
    client.write(get('public:1'));
    await settled();
    expect(got.server).toBe('');
  });

  it('lets the server finish when the client is done', async () => {
    const { client, server, got } = bench(RULES);
    client.end(Buffer.concat([get('public:1'), get('public:2')]));
    await settled();
    server.end('$1\r\na\r\n$1\r\nb\r\n');
    await settled();
    expect(got.client).toBe('$1\r\na\r\n$1\r\nb\r\n');
  });
});
