import packet, { type Answer } from 'dns-packet';
import { expect, test } from 'vitest';
import { query, TestClient } from './client.js';
import { opt } from './edns.js';
import { V4 } from './network.js';
import type { Received } from './server.js';
import { plainly, reply, runProxy } from './setup.js';

const NAME = 'a.empire.test';

test('an answer with another id or another question is not the answer', async () => {
  const running = await runProxy({
    answering: (received) => {
      const { message } = received;
      const [right = Buffer.alloc(0)] = plainly(received);
      const lie: Answer = { name: NAME, type: 'A', ttl: 60, data: '10.66.6.6' };
      const others = [{ name: 'evil.test', type: 'A' as const }];
      return [
        reply(message, [lie], { id: ((message.id ?? 0) + 1) & 0xffff }),
        reply({ ...message, questions: others }, [lie]),
        reply({ ...message, questions: [{ name: NAME, type: 'AAAA' }] }, [lie]),
        reply({ ...message, questions: [] }, [lie]),
        Buffer.from('junk'),
        right,
      ];
    },
  });
  for (const transport of ['udp', 'tcp'] as const) {
    const asking = await TestClient[transport](running.network, V4);
    expect((await asking.ask(NAME)).answers).toMatchObject([{ data: '10.97.9.1' }]);
  }
  expect(running.learned).toHaveLength(2);
  for (const { addresses } of running.learned) expect(addresses).toEqual(['10.97.9.1']);
});

test('answers over one connection are matched in whatever order they come', async () => {
  const waiting: Received[] = [];
  let release = (): void => undefined;
  const all = new Promise<void>((resolve) => (release = resolve));
  const running = await runProxy({
    answering: async (received) => {
      waiting.push(received);
      if (waiting.length === 3) release();
      await all;
      // the last question first
      const place = 3 - waiting.indexOf(received);
      await new Promise((resolve) => setTimeout(resolve, 20 * place));
      return plainly(received);
    },
  });
  const asking = await TestClient.tcp(running.network, V4);
  ['a', 'b', 'c'].forEach((letter, i) => {
    asking.send(query(`${letter}.empire.test`, { id: 10 + i }));
  });
  const answers = [await asking.next(), await asking.next(), await asking.next()];
  const asked = answers.map(({ id, questions }) => [id, questions?.[0]?.name]);
  expect(asked).toEqual([
    [12, 'c.empire.test'],
    [11, 'b.empire.test'],
    [10, 'a.empire.test'],
  ]);
  // one connection to the server for one of the client
  expect(new Set(waiting.map(({ path }) => path.sourcePort)).size).toBe(1);
});

test('a connection that the server closes is opened again for the next query', async () => {
  let times = 0;
  const running = await runProxy({
    answering: (received) => (times++ === 1 ? [Buffer.alloc(0)] : plainly(received)),
  });
  const asking = await TestClient.tcp(running.network, V4);
  expect(await asking.ask(NAME)).toMatchObject({ rcode: 'NOERROR' });
  expect(await asking.ask(NAME)).toMatchObject({ rcode: 'SERVFAIL' });
  expect(await asking.ask(NAME)).toMatchObject({ rcode: 'NOERROR' });
  expect(running.records.map(({ problem }) => problem)).toEqual([
    undefined,
    'unreachable',
    undefined,
  ]);
});

test('messages may be cut anywhere in a stream, and a client may close its side first', async () => {
  const running = await runProxy();
  const { socket, ...asking } = await TestClient.tcp(running.network, V4).then((client) => ({
    socket: client.socket,
    next: () => client.next(),
  }));
  const bytes = query(NAME, { id: 3 });
  const stream = Buffer.concat([Buffer.from([0, bytes.length]), bytes]);
  for (const byte of stream.subarray(0, -1)) {
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end(stream.subarray(-1));
  expect(await asking.next()).toMatchObject({ id: 3, rcode: 'NOERROR' });
});

test('an answer that does not fit is cut off, and given whole by TCP', async () => {
  const answers = Array.from({ length: 100 }, (_, i) => ({
    ...{ name: NAME, type: 'A' as const, ttl: 60, data: `10.97.9.${String(i)}` },
  }));
  const running = await runProxy({ answering: ({ message }) => [reply(message, answers)] });
  const udp = await TestClient.udp(running.network, V4);
  udp.send(query(NAME, { id: 1 }));
  const cut = await udp.nextRaw();
  expect(cut.length).toBeLessThanOrEqual(512);
  expect(packet.decode(cut)).toMatchObject({ id: 1, flag_tc: true, answers: [] });
  udp.send(query(NAME, { id: 2, additionals: [opt(4096)] }));
  expect((await udp.next()).answers).toHaveLength(100);
  const tcp = await TestClient.tcp(running.network, V4);
  expect((await tcp.ask(NAME)).answers).toHaveLength(100);
});

test('an answer that a server cut off within a record is passed on as cut off', async () => {
  const running = await runProxy({
    answering: (received) => {
      const [whole = Buffer.alloc(0)] = plainly(received);
      whole.writeUInt16BE(whole.readUInt16BE(2) | packet.TRUNCATED_RESPONSE, 2);
      return [whole.subarray(0, -2)];
    },
  });
  const asking = await TestClient.udp(running.network, V4);
  expect(await asking.ask(NAME, 'A', 8)).toMatchObject({ id: 8, flag_tc: true, answers: [] });
  expect(running.learned).toEqual([]);
});

test('an answer that makes no sense is not passed on', async () => {
  const running = await runProxy({
    answering: (received) => plainly(received).map((whole) => whole.subarray(0, -2)),
  });
  const asking = await TestClient.udp(running.network, V4);
  expect(await asking.ask(NAME)).toMatchObject({ rcode: 'SERVFAIL', answers: [] });
  expect(running.records).toMatchObject([{ problem: 'malformed answer', verdict: 'allowed' }]);
});

test.each([
  ['NXDOMAIN', 3],
  ['REFUSED', 5],
])('%s of the server is passed on as it is', async (rcode, flags) => {
  const running = await runProxy({ answering: ({ message }) => [reply(message, [], { flags })] });
  const asking = await TestClient.udp(running.network, V4);
  expect(await asking.ask(NAME)).toMatchObject({ rcode });
  expect(running.records).toMatchObject([{ verdict: 'allowed', rcode }]);
  expect(running.learned).toEqual([]);
});

test('addresses are learned through the names that the answer leads through', async () => {
  const cname = (name: string, data: string, ttl: number): Answer => ({
    ...{ name, type: 'CNAME' as const, class: 'IN' as const, ttl, data },
  });
  const a = (name: string, data: string): Answer => ({ name, type: 'A', ttl: 300, data });
  const running = await runProxy({
    answering: ({ message }) => [
      reply(message, [
        a('two.cdn.test', '10.97.9.2'),
        cname('ONE.cdn.test', 'two.cdn.test', 100),
        cname(NAME, 'one.CDN.test', 30),
        a('two.cdn.test', '10.97.9.1'),
        a('unrelated.test', '10.66.6.6'),
        cname('unrelated.test', NAME, 1),
        { name: 'two.cdn.test', type: 'AAAA', ttl: 300, data: 'fd97:9::1' },
      ]),
    ],
  });
  const asking = await TestClient.udp(running.network, V4);
  expect((await asking.ask(NAME)).answers).toHaveLength(7);
  const addresses = ['10.97.9.1', '10.97.9.2', 'fd97:9::1'];
  expect(running.learned).toEqual([{ name: NAME, addresses, ttl: 30 }]);
});
