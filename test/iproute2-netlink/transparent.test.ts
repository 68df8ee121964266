import { closeSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { NetlinkError, transparentSocket } from 'iproute2-netlink';
import { expect, onTestFinished, test } from 'vitest';
import { TestNetns } from './support.js';

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

test.each(['tcp', 'udp'] as const)(
  'a transparent socket for %s is in its namespace, for both families',
  async (type) => {
    const netns = await TestNetns.make();
    const fd = await open({ netns: netns.path, type, port: 5353 });
    const [line = ''] = sockets(netns, type);
    expect(line).toContain('*:5353');
    expect(line).toContain('v6only:0');
    const flags = Number(`0o${/flags:\t(\d+)/.exec(readFileSync(fdinfo(fd), 'utf8'))?.[1] ?? '0'}`);
    expect(flags & O_NONBLOCK).toBe(O_NONBLOCK);
    expect(flags & O_CLOEXEC).toBe(O_CLOEXEC);
    // shared, so that another may take its place before it goes
    await open({ netns: netns.path, type, port: type === 'udp' ? 5353 : 0 });
    expect(sockets(netns, type)).toHaveLength(2);
  },
);

test.each(['10.99.0.1', 'fd99::1'])(
  'a listening transparent socket accepts connections to %s, which is nobody’s',
  async (address) => {
    const netns = await TestNetns.make();
    for (const family of ['-4', '-6']) {
      const prefix = family === '-4' ? '10.99.0.0/16' : 'fd99::/16';
      netns.ip(family, 'route', 'add', 'local', prefix, 'dev', 'lo');
    }
    const fd = await open({ netns: netns.path, type: 'tcp', port: 8080 }, false);
    const server = createServer((socket: Socket) => socket.end(String(socket.localAddress)));
    server.listen({ fd });
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const client = spawn('ip', ['netns', 'exec', netns.name, 'nc', '-N', address, '8080']);
    client.stdin.end();
    onTestFinished(() => void client.kill());
    const [answer] = (await once(client.stdout, 'data')) as [Buffer];
    expect(answer.toString().replace('::ffff:', '')).toBe(address);
  },
);

test('a socket that the kernel refuses is a NetlinkError with its errno', async () => {
  const absent = transparentSocket({ netns: '/run/netns/nl-test-absent', type: 'tcp' });
  await expect(absent).rejects.toBeInstanceOf(NetlinkError);
  await expect(absent).rejects.toMatchObject({ code: 'ENOENT' });
  const netns = await TestNetns.make();
  await open({ netns: netns.path, type: 'tcp', port: 80 });
  const taken = transparentSocket({ netns: netns.path, type: 'tcp', port: 80 });
  await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test.each([{ port: -1 }, { port: 65_536 }, { port: 1.5 }, { backlog: 0 }])(
  '%j is refused before a socket is made',
  async (wrong) => {
    const refused = transparentSocket({ type: 'tcp', ...wrong });
    await expect(refused).rejects.toMatchObject({ code: 'EINVAL' });
  },
);

async function open(o: Parameters<typeof transparentSocket>[0], close = true): Promise<number> {
  const fd = await transparentSocket(o);
  if (close) {
    onTestFinished(() => {
      closeSync(fd);
    });
  }
  return fd;
}

function sockets(netns: TestNetns, type: 'tcp' | 'udp'): string[] {
  const which = type === 'tcp' ? ['-t', '-l'] : ['-u', '-a'];
  const text = execFileSync('ss', ['-N', netns.name, '-H', '-n', '-e', ...which], {
    encoding: 'utf8',
  });
  return text.split('\n').filter(Boolean);
}

function fdinfo(fd: number): string {
  return `/proc/self/fdinfo/${String(fd)}`;
}
