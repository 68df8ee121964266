import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { KernelNode } from '../kernel/node.js';
import { planTurn, turnTo, type Turn } from './turn.js';

/** Every so many-th change of the kernel; `PLUMB_FAULTS=1` for each of them. */
const STRIDE = Number(process.env['PLUMB_FAULTS'] ?? 41);
const ERRORS = ['ENOMEM', 'E2BIG', 'EBUSY', 'ENOSPC', 'EPERM'] as const;

type Work = (...args: unknown[]) => unknown;

const injector = vi.hoisted(() => {
  const state = {
    calls: 0,
    fault: undefined as { call: number; errno: number; code: string; isLate: boolean } | undefined,
    /** The same work, which fails when its turn comes. */
    faulty(
      work: (...args: unknown[]) => unknown,
      isChange: (...args: unknown[]) => boolean = () => true,
    ) {
      return function (this: unknown, ...args: unknown[]): unknown {
        if (!isChange(...args)) return work.apply(this, args);
        const due = ++state.calls === state.fault?.call ? state.fault : undefined;
        if (due === undefined) return work.apply(this, args);
        const { code, errno } = due;
        const injected = Object.assign(new Error(`injected (${code})`), { code, errno });
        if (!due.isLate) throw injected;
        const result = work.apply(this, args);
        if (!(result instanceof Promise)) throw injected;
        return result.then(() => {
          throw injected;
        });
      };
    },
  };
  return state;
});

// The one door to native code, and that to the proxy: all that an apply changes goes through these.
vi.mock('../../src/proxy/control.js', async (importOriginal) => {
  const original = await importOriginal<Record<'tellProxy' | 'stopProxy', Work>>();
  const { tellProxy, stopProxy } = original;
  return {
    ...original,
    tellProxy: injector.faulty(tellProxy),
    stopProxy: injector.faulty(stopProxy),
  };
});
vi.mock('../../src/kernel/native.js', async (importOriginal) => {
  const original = await importOriginal<Record<string, unknown>>();
  const { faulty } = injector;
  const METHODS: Record<string, readonly string[]> = {
    BpfMap: ['update', 'updateBatch', 'delete', 'deleteBatch', 'pin'],
    BpfProgram: ['pin'],
    BpfLink: ['update', 'pin'],
    Netlink: ['batch'],
  };
  for (const [name, methods] of Object.entries(METHODS)) {
    const { prototype } = original[name] as { prototype: Record<string, Work> };
    for (const method of methods) {
      const work = prototype[method];
      if (work === undefined) throw new Error(`${name} has no ${method}`);
      prototype[method] = faulty(work);
    }
  }
  const isWrite = (options: unknown): boolean => !JSON.stringify(options).includes('"list"');
  return {
    ...original,
    ...Object.fromEntries(
      ['loadObject', 'attachTcx', 'netnsCreate', 'netnsDelete', 'netnsWrite', 'unpin'].map(
        (name) => [name, faulty(original[name] as Work)],
      ),
    ),
    nft: faulty(original['nft'] as Work, isWrite),
  };
});

let node: KernelNode;
beforeAll(() => {
  node = new KernelNode('plk-fault');
});
afterAll(() => {
  injector.fault = undefined;
  node.dispose();
});

/** All that the node holds: every row of every map, and what iproute2 and nft see. */
async function everything(): Promise<string> {
  const { resources } = await node.read();
  const namespaces = resources.flatMap((one) =>
    one.kind === 'netns' ? [one.attributes.name] : [],
  );
  const seen = [node.name, ...namespaces].flatMap((netns) =>
    [
      ['ip', '-details', 'link'],
      ['ip', 'address'],
      ['ip', 'route', 'show', 'table', 'all'],
      ['ip', '-6', 'route', 'show', 'table', 'all'],
      ['ip', 'rule'],
      ['ip', 'neigh', 'show', 'nud', 'permanent'],
      ['tc', 'qdisc'],
      ['nft', 'list', 'ruleset'],
    ].map((command) =>
      sorted(
        execFileSync('nsenter', [`--net=/run/netns/${netns}`, ...command], { encoding: 'utf8' }),
      ),
    ),
  );
  const text = [JSON.stringify(resources), ...seen].join('\n');
  // Numbers that the kernel gives anew, and how busy a device is. Ours of devices are in the state.
  return text
    .replace(/\b(handle|qlen|if|link-netnsid|valid_lft|expires)\s?\d+(sec)?/g, '$1')
    .replace(/^\d+: /gm, '');
}

/** Lines whose order tells only which came first. */
function sorted(lines: string): string {
  return lines.split('\n').sort().join('\n');
}

const SCENARIOS: readonly { readonly what: string; readonly from: Turn; readonly to: Turn }[] = [
  { what: 'a first apply', from: 'none', to: 0 },
  { what: 'a change of policy, services and endpoints', from: 0, to: 1 },
  { what: 'a selector that splits classes', from: 2, to: 3 },
  { what: 'other programs', from: 7, to: 8 },
  { what: 'a filter of HTTP in mode socket', from: 0, to: 'socket' },
  { what: 'a change of its mode from tproxy to nat', from: 'tproxy', to: 'nat' },
  { what: 'an end of it', from: 'tproxy', to: 0 },
  { what: 'a removal', from: 1, to: 'none' },
];

describe.each(SCENARIOS)('$what', ({ from, to }) => {
  test(
    'that fails at any change leaves what there was, to the byte',
    { timeout: 600_000 },
    async () => {
      await turnTo(node.name, node.instance, from);
      let before = await everything();
      const codes = new Set<string>();
      let failed = 0;
      for (let call = 1 + (STRIDE >> 2), n = 0; ; call += STRIDE, n++) {
        const code = ERRORS[n % ERRORS.length] ?? 'EPERM';
        const fault = { call, code, errno: constants.errno[code], isLate: n % 2 === 1 };
        injector.calls = 0;
        injector.fault = fault;
        const outcome = await turnTo(node.name, node.instance, to).then(
          () => undefined,
          (error: unknown) => error,
        );
        injector.fault = undefined;
        if (injector.calls < call) break;
        const where = JSON.stringify({ ...fault, outcome: String(outcome) });
        if (outcome === undefined) {
          // It was no failure to whoever asked: then everything is as it was planned.
          expect((await planTurn(node.name, node.instance, to)).steps, where).toEqual([]);
          await turnTo(node.name, node.instance, from);
          before = await everything();
          continue;
        }
        failed++;
        codes.add(fault.code);
        expect(await everything(), where).toBe(before);
      }
      expect(failed).toBeGreaterThan(0);
      expect(codes.size).toBeGreaterThan(0);
    },
  );
});
