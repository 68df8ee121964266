import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { HttpAgent } from '../traffic/http-agent.js';
import type { L7World } from './l7-world.js';

/** When somebody is first answered with 200, in milliseconds since 1970; asks until then. */
export async function firstAnswer(agent: HttpAgent, url: string): Promise<number> {
  for (;;) {
    const { status } = await agent.ask({ url, timeout: 500 });
    if (status === 200) return Date.now();
    await sleep(10);
  }
}

/** Fails unless a load had one outcome, or was cut off, which may be so often at most. */
export function expectFew(
  outcomes: Readonly<Record<string, number>>,
  expected: string,
  most: number,
): void {
  const { [expected]: many = 0, ECONNRESET: cut = 0, EPIPE: late = 0, ...others } = outcomes;
  expect(others).toEqual({});
  expect(many).toBeGreaterThan(0);
  expect(cut + late).toBeLessThanOrEqual(most);
}

/** Kills each HAProxy before it is ready for as long as something takes. */
export async function whileKilling<T>(world: L7World, work: () => Promise<T>): Promise<T> {
  const kill = (): void => {
    for (const pid of world.pids('haproxy')) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It was killed before, and its supervisor has not noticed yet.
      }
    }
  };
  kill();
  const timer = setInterval(kill, 5);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
