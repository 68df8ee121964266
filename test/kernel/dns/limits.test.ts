import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startDnsProxy } from '../../../src/kernel/dns-proxy.js';
import { transparentSocket } from 'iproute2-netlink';
import { query, TestClient } from './client.js';
import { makeNetwork, V4 } from './network.js';
import { TestServer } from './server.js';
import { dnsListener, LISTENER, plainly, runProxy, serve } from './setup.js';

const NAME = 'a.empire.test';

test('the client hears of addresses once they are learned, and not before', async () => {
  const order: string[] = [];
  const running = await runProxy({
    onLearned: async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      order.push('learned');
    },
  });
  const asking = await TestClient.udp(running.network, V4);
  await asking.ask(NAME);
  order.push('answered');
  expect(order).toEqual(['learned', 'answered']);
});

test('an answer whose addresses could not be learned is a failure of the server', async () => {
  const running = await runProxy({ onLearned: () => Promise.reject(new Error('map full')) });
  const asking = await TestClient.udp(running.network, V4);
  expect(await asking.ask(NAME)).toMatchObject({ rcode: 'SERVFAIL', answers: [] });
  expect(running.records).toMatchObject([{ verdict: 'allowed', problem: 'not recorded' }]);
});

test('a server that is silent is given up: silently by UDP, with SERVFAIL by TCP', async () => {
  const running = await runProxy({
    limits: { timeoutMs: 100 },
    answering: (received) => (received.message.id === undefined ? [] : silentFor(received)),
  });
  const udp = await TestClient.udp(running.network, V4);
  udp.send(query('silent.empire.test', { id: 1 }));
  const tcp = await TestClient.tcp(running.network, V4);
  expect(await tcp.ask('silent.empire.test', 'A', 2)).toMatchObject({ id: 2, rcode: 'SERVFAIL' });
  // what comes next by UDP is the answer to another query
  expect(await udp.ask(NAME, 'A', 3)).toMatchObject({ id: 3, rcode: 'NOERROR' });
  expect(running.records).toHaveLength(3);
  expect(running.records.filter(({ problem }) => problem === 'timeout')).toHaveLength(2);
});

test('a port that nobody listens at is a failure at once', async () => {
  const running = await runProxy();
  const { network, proxy } = running;
  const where = { netns: network.proxy.path, port: 5300 };
  const [udp, tcp] = [
    await transparentSocket({ ...where, type: 'udp' }),
    await transparentSocket({ ...where, type: 'tcp' }),
  ];
  proxy.update([LISTENER, dnsListener(8)], () => ({ udp, tcp }));
  const asking = await TestClient.udp(network, V4, 5300);
  expect(await asking.ask('any.thing', 'A', 6)).toMatchObject({ id: 6, rcode: 'SERVFAIL' });
  expect(running.records).toMatchObject([{ problem: 'unreachable', verdict: 'allowed' }]);
  expect(running.records[0]).not.toHaveProperty('rule');
});

test('one client cannot have more queries in flight than it may, and others still can', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const running = await runProxy({
    limits: { inFlightPerClient: 2 },
    answering: async (received) => {
      if (received.path.source === V4.client) await held;
      return plainly(received);
    },
  });
  const greedy = await TestClient.udp(running.network, V4);
  for (const id of [1, 2, 3]) greedy.send(query(NAME, { id }));
  const [first] = [await greedy.next()];
  expect(first).toMatchObject({ rcode: 'SERVFAIL' });
  expect(running.records).toMatchObject([{ problem: 'too many queries' }]);
  running.network.client.ip('address', 'add', '10.97.1.3/24', 'dev', 'eth0');
  const modest = await TestClient.udp(running.network, { ...V4, client: '10.97.1.3' });
  expect(await modest.ask(NAME)).toMatchObject({ rcode: 'NOERROR' });
  release();
  expect([await greedy.next(), await greedy.next()]).toMatchObject([
    { rcode: 'NOERROR' },
    { rcode: 'NOERROR' },
  ]);
  expect(await greedy.ask(NAME)).toMatchObject({ rcode: 'NOERROR' });
});

test('one client cannot have more connections than it may', async () => {
  const running = await runProxy({ limits: { connectionsPerClient: 1 } });
  const first = await TestClient.tcp(running.network, V4);
  expect(await first.ask(NAME)).toMatchObject({ rcode: 'NOERROR' });
  const second = await TestClient.tcp(running.network, V4);
  await once(second.socket.resume(), 'close');
  first.socket.destroy();
  await expect
    .poll(async () => {
      const third = await TestClient.tcp(running.network, V4);
      const closed = once(third.socket, 'close').then(() => 'closed');
      return Promise.race([third.ask(NAME).then(() => 'answered'), closed]);
    })
    .toBe('answered');
});

test('a connection that nothing comes over is closed', async () => {
  const running = await runProxy({ limits: { idleMs: 100 } });
  const { socket } = await TestClient.tcp(running.network, V4);
  await once(socket.resume(), 'close');
  expect(running.records).toEqual([]);
});

test('more queries than may be pipelined are all answered', async () => {
  const running = await runProxy({ limits: { pipelined: 4 } });
  const asking = await TestClient.tcp(running.network, V4);
  const ids = Array.from({ length: 100 }, (_, i) => i + 1);
  for (const id of ids) asking.send(query(NAME, { id }));
  const came: unknown[] = [];
  while (came.length < ids.length) came.push((await asking.next()).id);
  expect(new Set(came)).toEqual(new Set(ids));
});

test('listeners come and go without those that stay hearing of it', async () => {
  const network = await makeNetwork();
  await TestServer.start(network.server, plainly);
  const sockets = async (port: number) => {
    const where = { netns: network.proxy.path, port };
    return {
      udp: await transparentSocket({ ...where, type: 'udp' }),
      tcp: await transparentSocket({ ...where, type: 'tcp' }),
    };
  };
  const records: unknown[] = [];
  const proxy = startDnsProxy({
    ...{ netns: network.proxy.path, device: 's0', listeners: [LISTENER] },
    sockets: new Map([[LISTENER.id, await sockets(53)]]),
    onLearned: () => Promise.resolve(),
    onRecord: (record) => records.push(record),
  });
  const staying = await TestClient.tcp(network, V4);
  expect(await staying.ask(NAME)).toMatchObject({ rcode: 'NOERROR' });
  const other = dnsListener(9, { matchName: 'other.test' });
  expect(() => {
    proxy.update([LISTENER, other], new Map());
  }).toThrow(RangeError);
  proxy.update([LISTENER, other], new Map([[9, await sockets(5353)]]));
  const coming = await TestClient.udp(network, V4, 5353);
  expect(await coming.ask(NAME)).toMatchObject({ rcode: 'REFUSED' });
  expect(await staying.ask(NAME)).toMatchObject({ rcode: 'NOERROR' });
  proxy.update([other], new Map());
  await once(staying.socket, 'close');
  proxy.close();
  proxy.close();
  const left = ['-ltn', '-uan'].map((which) =>
    execFileSync('ss', ['-N', network.proxy.name, '-H', which], { encoding: 'utf8' }),
  );
  expect(left).toEqual(['', '']);
});

test('what is in flight when a listener goes is answered by nobody', async () => {
  const running = await runProxy({ answering: () => new Promise(() => undefined) });
  const asking = await TestClient.udp(running.network, V4);
  asking.send(query(NAME, { id: 1 }));
  await expect.poll(() => running.server.received.length).toBe(1);
  running.proxy.update([], () => {
    throw new Error('nothing is new');
  });
  await serve(running.proxy, running.network, dnsListener(10, { matchName: 'none.test' }));
  expect(await asking.ask(NAME, 'A', 2)).toMatchObject({ id: 2, rcode: 'REFUSED' });
  expect(running.records).toMatchObject([{ problem: 'unreachable' }, { verdict: 'denied' }]);
});

function silentFor(received: Parameters<typeof plainly>[0]): Buffer[] {
  const [question] = received.message.questions ?? [];
  return question?.name.startsWith('silent') === true ? [] : plainly(received);
}
