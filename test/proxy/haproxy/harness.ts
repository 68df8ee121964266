import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { transparentSocket } from '../../../src/kernel/native.js';
import type { HTTPListener, HTTPRuleSpec } from '../../../src/model/l7.js';
import { parseAccessLine, type AccessRecord } from '../../../src/proxy/haproxy/access.js';
import { haproxyConfig } from '../../../src/proxy/haproxy/config.js';
import { setFollowed } from '../../../src/proxy/haproxy/followed.js';
import { isReady } from '../../../src/proxy/haproxy/ready.js';

export function httpListener(
  id: number,
  rules: readonly HTTPRuleSpec[],
  denyBody?: string,
): HTTPListener {
  const listed = rules.map((rule) => ({ rule, origins: [] }));
  const body = denyBody === undefined ? {} : { denyBody };
  return { id, protocol: 'http', direction: 'ingress', rules: listed, ...body };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface Held {
  readonly fd: number;
  readonly port: number;
}

/**
 * HAProxy as the supervisor runs it where all threads have one socket, with those that this process holds.
 * The one thing that is not as generated: nothing redirects packets here, so that there is no original
 * destination; the lines of the server and of the source name a server on the loopback device instead.
 */
export class HaproxyUnderTest {
  readonly lines: string[] = [];
  readonly complaints: string[] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), 'plumb-haproxy-'));
  readonly #sockets = new Map<number, Held>();
  readonly #all: ChildProcess[] = [];
  #current: { readonly child: ChildProcess; readonly admin: string } | undefined;
  #count = 0;

  constructor(private readonly server: { readonly port: number }) {}

  static async start(
    listeners: readonly HTTPListener[],
    server: { readonly port: number },
  ): Promise<HaproxyUnderTest> {
    const made = new HaproxyUnderTest(server);
    try {
      await made.load(listeners);
      return made;
    } catch (error) {
      await made.stop();
      throw error;
    }
  }

  /** Port of a listener. */
  port(id: number): number {
    return this.#sockets.get(id)!.port;
  }

  /** Runs another process with these listeners; when it is ready, the one before gets SIGUSR1. */
  async load(listeners: readonly HTTPListener[]): Promise<ChildProcess> {
    for (const { id } of listeners) await this.#open(id);
    const former = this.#current;
    const name = join(this.#directory, String(++this.#count));
    const config = haproxyConfig(listeners, 'nat')
      .replace(/^ {2}source .*\n/gm, '')
      .replaceAll('server s 0.0.0.0', `server s 127.0.0.1:${String(this.server.port)}`);
    writeFileSync(`${name}.cfg`, config);
    const env: Record<string, string> = {
      PATH: '/usr/sbin:/usr/bin',
      PLUMB_HAPROXY_SOCKET: `${name}.sock`,
      PLUMB_FOLLOWED: 'true',
    };
    const fds = listeners.map(({ id }, i) => {
      env[`PLUMB_FD_${String(id)}`] = String(3 + i);
      return this.#sockets.get(id)!.fd;
    });
    const child = spawn('haproxy', ['-db', '-f', `${name}.cfg`], {
      env,
      stdio: ['ignore', 'pipe', 'pipe', ...fds],
    });
    this.#all.push(child);
    createInterface({ input: child.stdout! }).on('line', (line) => this.lines.push(line));
    createInterface({ input: child.stderr! }).on('line', (line) => this.complaints.push(line));
    while (!(await isReady(`${name}.sock`))) {
      if (child.exitCode !== null) throw new Error(this.complaints.join('\n'));
      await sleep(5);
    }
    this.#current = { child, admin: `${name}.sock` };
    former?.child.kill('SIGUSR1');
    return child;
  }

  async #open(id: number): Promise<void> {
    if (this.#sockets.has(id)) return;
    const port = await freePort();
    this.#sockets.set(id, { port, fd: await transparentSocket({ type: 'tcp', port }) });
  }

  /** Records of the access log, once there are so many in all. */
  async records(count: number): Promise<AccessRecord[]> {
    while (this.lines.length < count) await sleep(5);
    return this.lines.flatMap((line) => parseAccessLine(line) ?? []);
  }

  /** Whether requests are told of, by the process that is current. */
  async follow(isFollowed: boolean): Promise<void> {
    await setFollowed(this.#current!.admin, isFollowed);
  }

  async stop(): Promise<void> {
    for (const child of this.#all) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    for (const { fd } of this.#sockets.values()) closeSync(fd);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
