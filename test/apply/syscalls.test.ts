import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KernelNode } from '../kernel/node.js';
import { TrafficAgent, type Counts } from '../traffic/agent.js';
import { planTurn, turnTo } from './turn.js';

/**
 * System calls by which an apply changes the kernel and its files. strace counts those of each thread;
 * the one whose count is reached first is killed, and with it the process.
 */
const CALLS = 'bpf,sendto,sendmsg,rename,unlink,unlinkat,mkdir,rmdir,mount,umount2,setns,unshare';
/** Every so many-th call; `PLUMB_KILLS=1` for each of them. */
const STRIDE = Number(process.env['PLUMB_KILLS'] ?? 331);
const INTERVAL = 10;
/** More calls than any apply makes in one thread. */
const MOST = 2000;

type Turn = number | 'none';

interface Scenario {
  readonly what: string;
  readonly from: Turn;
  readonly to: Turn;
}

const SCENARIOS: readonly Scenario[] = [
  { what: 'a first apply', from: 'none', to: 0 },
  { what: 'a change of policy, services and endpoints', from: 0, to: 1 },
  { what: 'a new identity, and a selector that splits classes', from: 2, to: 3 },
  { what: 'a selector that goes, with endpoints', from: 3, to: 4 },
  { what: 'other programs', from: 7, to: 8 },
  { what: 'a removal', from: 1, to: 'none' },
];

let node: KernelNode;
beforeAll(() => {
  node = new KernelNode('plk-kill');
});
afterAll(() => {
  node.dispose();
});

/** Whether the apply was killed; false when it made fewer calls. */
function killed(turn: Turn, call: number): boolean {
  const inject = `inject=${CALLS}:signal=KILL:when=${String(call)}`;
  const child = spawnSync(
    'strace',
    [
      ...['-f', '-qq', '-o', '/dev/null', '-e', `trace=${CALLS}`, '-e', inject],
      ...[process.execPath, 'scripts/ts-run.mjs', 'test/apply/killed-turn.ts'],
      ...[node.name, node.root, String(turn)],
    ],
    { encoding: 'utf8' },
  );
  if (child.signal === 'SIGKILL' || child.status === 137) return true;
  expect(child.stderr).toBe('');
  expect(child.status).toBe(0);
  return false;
}

/** Traffic that both turns allow, and traffic that neither does. */
async function watch(): Promise<() => Promise<void>> {
  const agents = new Map<string, TrafficAgent>();
  for (const name of ['client', 'stranger', 'one', 'two'])
    agents.set(name, await TrafficAgent.open(`${node.name}-${name}`));
  for (const name of ['one', 'two']) await agents.get(name)?.serve('udp', 53, name);
  for (const name of ['one', 'two']) await agents.get(name)?.serve('udp', 5353, name);
  const load = (from: string, address: string, port: number) =>
    agents.get(from)!.load('datagrams', address, port, INTERVAL);
  const allowed = [await load('client', '10.7.0.21', 53), await load('client', '10.96.7.1', 53)];
  const denied = [await load('stranger', '10.7.0.21', 53), await load('client', 'fd07::22', 80)];
  return async () => {
    const ended = await Promise.all(allowed.map((stop) => stop()));
    const refused = await Promise.all(denied.map((stop) => stop()));
    for (const agent of agents.values()) agent.close();
    const lost = ({ sent, answered }: Counts): number => sent - answered;
    expect(ended.map(lost), 'lost').toEqual([0, 0]);
    expect(
      refused.map(({ answered }) => answered),
      'let through',
    ).toEqual([0, 0]);
  };
}

describe.each(SCENARIOS)('$what', ({ from, to }) => {
  test(
    'that is killed at a system call is judged by the old or the new, and taken up by the next',
    { timeout: 3_600_000 },
    async () => {
      let kills = 0;
      for (let call = 1 + (STRIDE >> 1); call < MOST; call += STRIDE) {
        await turnTo(node.name, node.instance, from);
        const stop = from === 'none' || to === 'none' ? undefined : await watch();
        const wasKilled = killed(to, call);
        await stop?.();
        // Whatever is left, one apply makes it what it should be.
        await turnTo(node.name, node.instance, to);
        const again = await planTurn(node.name, node.instance, to);
        expect(again.steps, `after call ${String(call)}`).toEqual([]);
        if (!wasKilled) break;
        kills++;
      }
      expect(kills).toBeGreaterThan(0);
    },
  );
});
