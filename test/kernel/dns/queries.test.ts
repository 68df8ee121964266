import { expect, test } from 'vitest';
import { query, TestClient } from './client.js';
import { V4, V6 } from './network.js';
import { runProxy } from './setup.js';

const BOTH = [V4, V6];
const TRANSPORTS = ['udp', 'tcp'] as const;
const EVERY = BOTH.flatMap((to) => TRANSPORTS.map((transport) => ({ ...to, transport })));

test.each(EVERY)(
  'a query to $server by $transport that a rule allows is answered by the server that was asked',
  async ({ client, server, transport }) => {
    const running = await runProxy();
    const asking = await TestClient[transport](running.network, { client, server });
    const answer = await asking.ask('Executor.EMPIRE.test', 'A', 4711);
    expect(answer).toMatchObject({ id: 4711, type: 'response' });
    expect(answer.questions).toMatchObject([{ name: 'Executor.EMPIRE.test', type: 'A' }]);
    expect(answer.answers).toMatchObject([{ data: '10.97.9.1', ttl: 60 }]);
    const [received] = running.server.received;
    expect(received?.path).toMatchObject({ source: client, destination: server });
    expect(received?.path.sourcePort).not.toBe(asking.port);
    expect(running.learned).toEqual([
      { name: 'executor.empire.test', addresses: ['10.97.9.1'], ttl: 60 },
    ]);
    expect(running.records).toEqual([
      {
        ...{ listener: 7, transport, name: 'executor.empire.test', type: 'A' },
        ...{ source: client, sourcePort: asking.port, destination: server, destinationPort: 53 },
        ...{ verdict: 'allowed', rule: 0, rcode: 'NOERROR', addresses: ['10.97.9.1'] },
      },
    ]);
  },
);

test.each(EVERY)(
  'a query to $server by $transport that no rule allows is refused and never leaves',
  async ({ client, server, transport }) => {
    const running = await runProxy();
    const asking = await TestClient[transport](running.network, { client, server });
    const refusal = await asking.ask('hoth.alliance.test', 'AAAA', 99);
    expect(refusal).toMatchObject({ id: 99, type: 'response', rcode: 'REFUSED', answers: [] });
    expect(refusal.questions).toMatchObject([{ name: 'hoth.alliance.test', type: 'AAAA' }]);
    // one that is allowed gets there behind it, so that the first had the time to
    await asking.ask('yavin.alliance.test');
    expect(running.server.received).toHaveLength(1);
    expect(running.records).toMatchObject([
      { name: 'hoth.alliance.test', type: 'AAAA', verdict: 'denied', rcode: 'REFUSED' },
      { name: 'yavin.alliance.test', verdict: 'allowed', rule: 1 },
    ]);
    expect(running.learned.map(({ name }) => name)).toEqual(['yavin.alliance.test']);
  },
);

test.each(BOTH)('two queries in flight from one port to $server are both answered', async (to) => {
  const running = await runProxy();
  const asking = await TestClient.udp(running.network, to);
  // as resolvers do it, and even with one id for both
  asking.send(query('a.empire.test', { type: 'A', id: 5 }));
  asking.send(query('a.empire.test', { type: 'AAAA', id: 5 }));
  const answers = [await asking.next(), await asking.next()];
  expect(answers.map(({ id }) => id)).toEqual([5, 5]);
  expect(answers.flatMap((one) => one.answers?.map(({ type }) => type)).sort()).toEqual([
    'A',
    'AAAA',
  ]);
  const ports = running.server.received.map(({ path }) => path.sourcePort);
  expect(new Set(ports).size).toBe(2);
});
