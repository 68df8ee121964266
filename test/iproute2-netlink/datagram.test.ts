import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { DatagramSocket, transparentSocket, type DatagramPath } from 'iproute2-netlink';
import { expect, onTestFinished, test } from 'vitest';
import { TestNetns } from './support.js';

interface Received extends DatagramPath {
  readonly text: string;
}

const FAMILIES = [
  { client: '10.99.0.7', server: '10.99.0.53', other: '10.99.0.54' },
  { client: 'fd99::7', server: 'fd99::53', other: 'fd99::54' },
];

test.each(FAMILIES)(
  'a datagram to $server says where it was sent to, and is answered from there',
  async ({ client, server, other }) => {
    const netns = await everythingIsLocal();
    const listener = await listen(netns, 53);
    const asking = await connect(netns, { source: client, destination: server, port: 53 });
    await asking.socket.send(Buffer.from('who is there?'));
    const asked = await listener.next();
    expect(asked).toEqual({
      ...{ text: 'who is there?', source: client, sourcePort: asking.socket.port },
      ...{ destination: server, destinationPort: 53 },
    });
    const back = { to: client, toPort: asking.socket.port };
    // from anybody else it must not come through: the other side is connected
    await listener.socket.send(Buffer.from('a liar'), { from: other, ...back });
    await listener.socket.send(Buffer.from('a port'), { from: server, fromPort: 5353, ...back });
    await listener.socket.send(Buffer.from('me'), { from: server, fromPort: 53, ...back });
    expect(await asking.next()).toMatchObject({ text: 'me', source: server, sourcePort: 53 });
  },
);

test.each(FAMILIES)(
  'an answer from $server has the port that it is to have, whatever the port of the socket',
  async ({ client, server }) => {
    const netns = await everythingIsLocal();
    const listener = await listen(netns, 0);
    const asking = await connect(netns, { source: client, destination: server, port: 53 });
    const path = { from: server, fromPort: 53, to: client, toPort: asking.socket.port };
    // two before the socket for it is there
    await Promise.all(['a', 'b'].map((text) => listener.socket.send(Buffer.from(text), path)));
    const texts = [await asking.next(), await asking.next()].map(({ text }) => text);
    expect(texts.sort()).toEqual(['a', 'b']);
  },
);

test('more ports than are kept open are all answered from', async () => {
  const netns = await everythingIsLocal();
  const listener = await listen(netns, 9);
  const receiver = await listen(netns, 7);
  const ports = Array.from({ length: 80 }, (_, i) => 20_000 + i);
  for (const fromPort of ports) {
    const path = { from: '10.99.0.1', fromPort, to: '10.99.0.2', toPort: 7 };
    await listener.socket.send(Buffer.from('x'), path);
  }
  const from: number[] = [];
  while (from.length < ports.length) from.push((await receiver.next()).sourcePort);
  expect(from).toEqual(ports);
});

test('connected sockets with a port of their own never share one', async () => {
  const netns = await everythingIsLocal();
  const to = { source: '10.99.0.7', destination: '10.99.0.53', port: 53 };
  const sockets = await Promise.all(Array.from({ length: 64 }, () => connect(netns, to)));
  expect(new Set(sockets.map(({ socket }) => socket.port)).size).toBe(64);
});

test('that nobody is there is told to who asked', async () => {
  const netns = await everythingIsLocal();
  const to = { source: '127.0.0.1', destination: '127.0.0.1', port: 53 };
  const asking = await connect(netns, to);
  await asking.socket.send(Buffer.from('?'));
  expect(await asking.error()).toMatchObject({ code: 'ECONNREFUSED', name: 'NetlinkError' });
});

test('a socket that is closed neither sends nor tells of what comes', async () => {
  const netns = await everythingIsLocal();
  const { socket } = await listen(netns, 53);
  socket.close();
  socket.close();
  const path = { to: '10.99.0.7', toPort: 1 };
  await expect(socket.send(Buffer.from('x'), path)).rejects.toMatchObject({ code: 'EBADF' });
  await expect(socket.send(Buffer.from('x'), { ...path, fromPort: 1 })).rejects.toMatchObject({
    code: 'EBADF',
  });
});

test('what is no address or too long is refused by name', async () => {
  const netns = await everythingIsLocal();
  const { socket } = await listen(netns, 53);
  const send = (to: string, bytes = 1) =>
    socket.send(Buffer.alloc(bytes), { from: '10.99.0.53', to, toPort: 7 });
  await expect(send('nowhere')).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(send('10.99.0.7', 65_536)).rejects.toMatchObject({ code: 'EMSGSIZE' });
});

test('a thread that ends with a socket open takes nothing down with it', async () => {
  const code = `
    import('iproute2-netlink').then(async ({ DatagramSocket, transparentSocket }) => {
      const fd = await transparentSocket({ type: 'udp' });
      new DatagramSocket({ fd, onMessage: () => {} });
      setTimeout(() => process.exit(7), 20);
    });`;
  const worker = new Worker(code, { eval: true });
  const [exit] = (await once(worker, 'exit')) as [number];
  expect(exit).toBe(7);
});

/** A namespace that takes in what is for 10.99.0.0/16 and fd99::/16. */
async function everythingIsLocal(): Promise<TestNetns> {
  const netns = await TestNetns.make();
  netns.ip('route', 'add', 'local', '10.99.0.0/16', 'dev', 'lo');
  netns.ip('-6', 'route', 'add', 'local', 'fd99::/16', 'dev', 'lo');
  return netns;
}

async function listen(netns: TestNetns, port: number) {
  const mailbox = new Mailbox();
  const fd = await transparentSocket({ netns: netns.path, type: 'udp', port });
  return mailbox.with(new DatagramSocket({ fd, netns: netns.path, ...mailbox.handlers }));
}

async function connect(
  netns: TestNetns,
  to: { source: string; destination: string; port: number },
) {
  const mailbox = new Mailbox();
  const socket = DatagramSocket.connect({ netns: netns.path, ...to, ...mailbox.handlers });
  return mailbox.with(await socket);
}

/** What came, in order, each to be taken once. */
class Mailbox {
  readonly #came: unknown[] = [];
  #waiting: ((came: unknown) => void)[] = [];

  readonly handlers = {
    onMessage: (data: Buffer, path: DatagramPath) => {
      this.#put({ text: data.toString(), ...path });
    },
    onError: (error: Error) => {
      this.#put(error);
    },
  };

  with(socket: DatagramSocket) {
    onTestFinished(() => {
      socket.close();
    });
    const take = () => this.#take();
    return { socket, next: take as () => Promise<Received>, error: take };
  }

  #put(came: unknown): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#came.push(came);
    else waiting(came);
  }

  #take(): Promise<unknown> {
    if (this.#came.length > 0) return Promise.resolve(this.#came.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
