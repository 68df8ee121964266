import { closeSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { Socket } from 'node:net';
import { DatagramSocket, transparentConnect, transparentSocket } from 'iproute2-netlink';
import { expect, onTestFinished, test } from 'vitest';
import { TestNetns } from './support.js';

/** Addresses of the client are those of nobody in either namespace. */
const FAMILIES = [
  { name: 'IPv4', client: '10.99.0.7', server: '10.98.0.2', absent: '10.98.0.77' },
  { name: 'IPv6', client: 'fd99::7', server: 'fd98::2', absent: 'fd98::77' },
];

test.each(FAMILIES)(
  'a connection of $name comes from an address that is not the namespace’s own',
  async ({ client, server }) => {
    const { near, far } = await between();
    const listener = await listenAt(far, server);
    const fd = await transparentConnect({
      ...{ netns: near.path, source: client, sourcePort: 4711, destination: server, port: 8080 },
      ...{ device: 'p0', timeoutMs: 10_000 },
    });
    const socket = new Socket({ fd });
    onTestFinished(() => void socket.destroy());
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    expect(greeting.toString().trim()).toBe(`${client} 4711`);
    expect(listener.exitCode).toBeNull();
  },
);

test.each(FAMILIES)(
  'a datagram of $name comes from an address that is not the namespace’s own',
  async ({ client, server }) => {
    const { near, far } = await between();
    const fd = await transparentSocket({ netns: far.path, type: 'udp', port: 8080 });
    const echo = new DatagramSocket({
      fd,
      onMessage: (data, { source, sourcePort, destination }) => {
        const text = `${data.toString()} ${source} ${destination}`;
        void echo.send(Buffer.from(text), { from: destination, to: source, toPort: sourcePort });
      },
    });
    onTestFinished(() => {
      echo.close();
    });
    const answers = new EventEmitter();
    const asking = await DatagramSocket.connect({
      ...{ netns: near.path, source: client, destination: server, port: 8080, device: 'p0' },
      onMessage: (data) => {
        answers.emit('answer', data.toString());
      },
    });
    onTestFinished(() => {
      asking.close();
    });
    const answered = once(answers, 'answer');
    await asking.send(Buffer.from('hello'));
    expect((await answered)[0]).toBe(`hello ${client} ${server}`);
  },
);

test.each(FAMILIES)('a port of $name where nobody listens refuses', async (addresses) => {
  const { near } = await between();
  const to = { source: addresses.client, destination: addresses.server, port: 1 };
  const refused = transparentConnect({ netns: near.path, ...to, timeoutMs: 10_000 });
  await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test.each(FAMILIES)('an address of $name without anybody is given up', async (addresses) => {
  const { near } = await between();
  const to = { source: addresses.client, destination: addresses.absent, port: 8080 };
  const late = transparentConnect({ netns: near.path, ...to, timeoutMs: 100 });
  await expect(late).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});

test('a device that is not there, or that is no name, is an error', async () => {
  const { near } = await between();
  const to = { source: '10.99.0.7', destination: '10.98.0.2', port: 1, timeoutMs: 1000 };
  const connect = (device: string) => transparentConnect({ netns: near.path, ...to, device });
  await expect(connect('absent')).rejects.toMatchObject({ code: 'ENODEV' });
  await expect(connect('x'.repeat(16))).rejects.toMatchObject({ code: 'EINVAL' });
});

test('connections share a port as long as they go to different servers', async () => {
  const { near, far } = await between();
  far.ip('address', 'add', '10.98.0.3/24', 'dev', 'p1');
  const servers = ['10.98.0.2', '10.98.0.3'];
  for (const server of servers) await listenAt(far, server);
  for (const destination of servers) {
    const to = { source: '10.99.0.7', sourcePort: 4711, destination, port: 8080 };
    const fd = await transparentConnect({ netns: near.path, ...to, timeoutMs: 10_000 });
    onTestFinished(() => {
      closeSync(fd);
    });
  }
});

/** Two namespaces on one cable; `near` takes in whatever comes over it. */
async function between(): Promise<{ near: TestNetns; far: TestNetns }> {
  const near = await TestNetns.make();
  const far = await TestNetns.make();
  // who sends for others asks for neighbours by the address of the link
  for (const netns of [near, far]) netns.skipDuplicateDetection();
  near.ip('link', 'add', 'p0', 'type', 'veth', 'peer', 'name', 'p1', 'netns', far.name);
  for (const [netns, device, last] of [
    [near, 'p0', 1],
    [far, 'p1', 2],
  ] as const) {
    netns.ip('link', 'set', device, 'up');
    netns.ip('address', 'add', `10.98.0.${String(last)}/24`, 'dev', device);
    netns.ip('address', 'add', `fd98::${String(last)}/64`, 'dev', device, 'nodad');
  }
  for (const family of ['-4', '-6']) {
    near.ip(family, 'rule', 'add', 'iif', 'p0', 'lookup', '100');
    near.ip(family, 'route', 'add', 'local', 'default', 'dev', 'lo', 'table', '100');
  }
  far.ip('route', 'add', '10.99.0.0/16', 'via', '10.98.0.1');
  far.ip('route', 'add', 'fd99::/16', 'via', 'fd98::1');
  return { near, far };
}

/** Tells everybody who connects to port 8080 who they are. */
async function listenAt(netns: TestNetns, address: string) {
  const code = `
    require('node:net').createServer((socket) => {
      socket.write(socket.remoteAddress + ' ' + socket.remotePort + '\\n');
      socket.on('error', () => {});
    }).listen(8080, '${address}', () => console.log('ready'));`;
  const args = [`--net=${netns.path}`, process.execPath, '--eval', code];
  const server = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void server.kill());
  await once(server.stdout, 'data');
  return server;
}
