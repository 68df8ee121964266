import { netnsList } from 'iproute2-netlink';
import { expect } from 'vitest';
import { TrafficAgent, type Counts } from '../traffic/agent.js';

/** Milliseconds between two questions: of datagrams, and of connections, which are dearer. */
const INTERVAL = 10;
const SLOW_INTERVAL = 100;
/** Milliseconds in which what is on its way arrives: less than TCP waits before it asks for a connection again. */
const PATIENCE = 900;
/** A port that a filter of HTTP may have, and that these probes never ask anything it lets through. */
const FILTERED = 9090;

interface Load {
  readonly what: string;
  look(patience?: number): Promise<Counts>;
}

/**
 * Traffic between the endpoints of the changing program that every turn allows, and such as none does, by UDP
 * and TCP. Of endpoints that are not there (yet), none.
 */
export class Probes {
  readonly #agents = new Map<string, TrafficAgent>();
  readonly #allowed: Load[] = [];
  readonly #denied: Load[] = [];

  static async open(node: string, { isAllowed }: { isAllowed: boolean }): Promise<Probes> {
    const probes = new Probes();
    await probes.#open(node, isAllowed);
    return probes;
  }

  async #open(node: string, isAllowed: boolean): Promise<void> {
    const there = new Set(netnsList());
    for (const name of ['client', 'stranger', 'one']) {
      const netns = `${node}-${name}`;
      if (!there.has(netns)) return;
      this.#agents.set(name, await TrafficAgent.open(netns));
    }
    const server = this.#agents.get('one');
    for (const port of [53, 81, 5353]) await server?.serve('udp', port, 'one');
    for (const port of [80, 81, 8080, FILTERED]) await server?.serve('tcp', port, 'one');
    if (isAllowed) {
      this.#allowed.push(
        await this.#load('client', 'datagrams', '10.7.0.21', 53),
        await this.#load('client', 'connections', 'fd07::21', 80),
        await this.#load('client', 'dialogue', '10.7.0.21', 80),
      );
    }
    this.#denied.push(
      await this.#load('stranger', 'datagrams', '10.7.0.21', 53),
      await this.#load('client', 'datagrams', 'fd07::21', 81),
      await this.#load('stranger', 'connections', '10.7.0.21', 80),
      await this.#load('client', 'connections', '10.7.0.21', 81),
    );
    await this.#load('client', 'connections', 'fd07::21', FILTERED);
  }

  async #load(
    from: string,
    kind: 'datagrams' | 'connections' | 'dialogue',
    address: string,
    port: number,
  ): Promise<Load> {
    const agent = this.#agents.get(from);
    if (agent === undefined) throw new Error(`no agent in ${from}`);
    const interval = kind === 'connections' ? SLOW_INTERVAL : INTERVAL;
    const { look } = await agent.watchedLoad(kind, address, port, interval);
    return { look, what: `${kind} from ${from} to ${address} at ${String(port)}` };
  }

  /** Nothing that is allowed was lost so far, and nothing that is denied let through. */
  async check(where: string): Promise<void> {
    for (const { what, look } of this.#denied) {
      expect((await look()).answered, `${where}: let through ${what}`).toBe(0);
    }
    const server = this.#agents.get('one');
    for (const port of [81, FILTERED]) {
      expect(await server?.heard(port), `${where}: heard at ${String(port)}`).toBe(
        server === undefined ? undefined : 0,
      );
    }
    for (const { what, look } of this.#allowed) {
      const { sent, answered } = await look(PATIENCE);
      expect(sent - answered, `${where}: lost of ${what}`).toBe(0);
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.close();
  }
}
