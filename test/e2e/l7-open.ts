import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { L7World } from './l7-world.js';

/** Who is connected with whom: a client, the address that it asks, and its own. */
export type Way = readonly [client: string, at: string, address: string];

/** What a connection is in the middle of. */
const KINDS = {
  waiting: { path: '/wait/60000', begun: /^$/ },
  reading: { path: '/drip/60000', begun: /^HTTP\/1.1 200 / },
  talking: { path: '/v1/chat', begun: /^HTTP\/1.1 101 /, isWebSocket: true },
  idle: { path: '/v1/status', begun: /^HTTP\/1.1 200 / },
} as const;
export type Kind = keyof typeof KINDS;

/** Milliseconds. */
const SOON = 2000;
const HEARD = 1500;

interface Connection {
  readonly what: string;
  readonly begun: RegExp;
  readonly ended: ReturnType<ReturnType<L7World['agent']>['linger']>;
}

/** Connections that would stay open for a minute if nobody ended them. */
export class OpenConnections {
  private constructor(private readonly all: readonly Connection[]) {}

  /** Once their servers have heard of all of them, one after the other. @param servers where those may be */
  static async open(
    world: L7World,
    servers: readonly string[],
    ways: readonly Way[],
    kinds: readonly Kind[] = ['waiting', 'reading', 'talking', 'idle'],
  ): Promise<OpenConnections> {
    for (const server of servers) await world.agent(server).seen();
    const heard = async (): Promise<number> => {
      const all = await Promise.all(servers.map((server) => world.agent(server).seen()));
      return all.flat().length;
    };
    const all: Connection[] = [];
    for (const [client, at] of ways) {
      for (const kind of kinds) {
        const { path, begun, ...rest } = { isWebSocket: false, ...KINDS[kind] };
        const ended = world.agent(client).linger(`http://${at}${path}`, rest.isWebSocket);
        all.push({ what: `${client} at ${at} ${kind}`, begun, ended });
        await expect.poll(heard, { timeout: HEARD, interval: 15 }).toBeGreaterThan(0);
      }
    }
    return new OpenConnections(all);
  }

  /** Fails for each that is open two seconds after that moment, or that has got an answer since. */
  async expectToEnd(since: number): Promise<void> {
    const late = sleep(since + SOON - Date.now()).then(() => undefined);
    const outcomes = await Promise.all(
      this.all.map(async ({ what, begun, ended }) => {
        const end = await Promise.race([ended, late]);
        if (end === undefined) return `${what} is open`;
        const isAsExpected = begun.test(end.text) || /^HTTP\/1.1 50[23] /.test(end.text);
        return isAsExpected ? 'ended' : `${what} got ${end.text}`;
      }),
    );
    expect(new Set(outcomes)).toEqual(new Set(['ended']));
  }
}

/** While `work` is done, whoever connects in a namespace takes for open what is half open to the other side. */
export async function whileHalfOpen<T>(netns: string, work: () => Promise<T>): Promise<T> {
  const nft = (input: string) =>
    execFileSync('nsenter', [`--net=/run/netns/${netns}`, 'nft', '-f', '-'], { input });
  nft(`table inet half_open {
    chain output { type filter hook output priority 0; tcp dport 8080 tcp flags == ack drop; }
  }\n`);
  try {
    return await work();
  } finally {
    nft('delete table inet half_open\n');
  }
}

/** What a server has open with an address, as lines of ss. */
function connectionsWith(netns: string, address: string): string[] {
  const command = ['ss', '-Htn', 'state', 'established', 'sport', '=', ':8080'];
  return execFileSync('nsenter', [`--net=/run/netns/${netns}`, ...command], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`${address}]:`));
}

/** Ends all that a server has open, as it would when nobody said anything any more for long enough. */
export function endConnections(netns: string): void {
  const command = ['ss', '-K', '-Htn', 'state', 'established', 'sport', '=', ':8080'];
  execFileSync('nsenter', [`--net=/run/netns/${netns}`, ...command], { stdio: 'ignore' });
}

/** The port of a connection that a server has open with an address. */
export function portOf(netns: string, address: string): number {
  const [line = ''] = connectionsWith(netns, address);
  return Number(/:(\d+)\s*$/.exec(line)?.[1]);
}

/** Fails when a server still has a connection with such an address after two seconds. */
export async function expectNoConnections(
  netns: string,
  addresses: readonly string[],
): Promise<void> {
  const open = () => addresses.flatMap((address) => connectionsWith(netns, address));
  await expect.poll(open, { timeout: SOON }).toEqual([]);
}
