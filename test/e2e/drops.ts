import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { ExplainedEvent } from '../../src/report/event.js';
import { CHECKOUT, type TestNode } from './node.js';

/** Which drops are meant. */
export interface DropsWanted {
  /** Endpoints' names, labels such as `reserved:host`, or addresses. */
  readonly from: readonly string[];
  /** Addresses that the packets were to; those of back-ends, where they were to a service. */
  readonly to: readonly string[];
  /** Ports that they were to; 0 of ICMP. Default: any. */
  readonly ports?: readonly number[];
}

/** `plumb monitor` on nodes while a test runs: why nothing came back. Close it, also when a test fails. */
export class Drops {
  readonly #events: ExplainedEvent[] = [];
  readonly #children: readonly ChildProcess[];

  constructor(...nodes: readonly TestNode[]) {
    this.#children = nodes.map(({ netns, root }) => {
      const where = ['--netns', netns, '--root', root];
      const child = spawn('bin/plumb', ['monitor', '--json', '--verdict', 'deny', ...where], {
        cwd: CHECKOUT,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      createInterface({ input: child.stdout }).on('line', (line) => {
        const event = JSON.parse(line) as ExplainedEvent | { readonly type: 'lost' };
        if (event.type === 'packet') this.#events.push(event);
      });
      return child;
    });
  }

  /**
   * Waits until `transports`, as `tcp4`, are those of the drops, and each was dropped as `why` says, as
   * `egress policy-default-deny`.
   */
  async tell(wanted: DropsWanted, transports: readonly string[], why: string): Promise<void> {
    const told = (): string[] => {
      const mine = this.#events.filter((event) => isWanted(event, wanted));
      const texts = mine.map((event) => `${transportOf(event)} ${event.direction} ${event.reason}`);
      return [...new Set(texts)].sort();
    };
    const all = transports.map((transport) => `${transport} ${why}`).sort();
    // Not by expect.poll, which cannot be used by several tests at once.
    const end = Date.now() + 10_000;
    while (Date.now() < end && !isDeepStrictEqual(told(), all))
      await new Promise((done) => setTimeout(done, 20));
    expect(told()).toEqual(all);
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}

function isWanted(event: ExplainedEvent, { from, to, ports }: DropsWanted): boolean {
  const { source, destination } = event;
  const isFrom = from.some(
    (one) => source.endpoint === one || source.address === one || one in source.labels,
  );
  const isTo = to.includes(destination.address);
  return isFrom && isTo && (ports === undefined || ports.includes(destination.port));
}

function transportOf({ protocol, destination }: ExplainedEvent): string {
  const name = protocol.toLowerCase().replace('v6', '');
  return `${name}${destination.address.includes(':') ? '6' : '4'}`;
}
