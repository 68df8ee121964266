import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { KernelNode } from '../kernel/node.js';
import { planTurn, stateOfTurn, turnTo } from './turn.js';

/** Every so many-th change of the kernel; `PLUMB_FAULTS=1` for each of them. */
const STRIDE = Number(process.env['PLUMB_FAULTS'] ?? 23);
const ERRORS = ['ENOMEM', 'E2BIG', 'EBUSY', 'ENOSPC', 'EPERM'] as const;

/** Which call fails, counted from 1, with what, and whether it has its effect nevertheless. */
interface Fault {
  readonly call: number;
  readonly code: (typeof ERRORS)[number];
  readonly isLate: boolean;
}

const injector = vi.hoisted(() => ({
  calls: 0,
  fault: undefined as { call: number; code: string; isLate: boolean } | undefined,
}));

type Work = (...args: unknown[]) => unknown;

// The one door to native code: what changes the kernel goes through here.
vi.mock('../../src/kernel/native.js', async (importOriginal) => {
  const original = await importOriginal<Record<string, unknown>>();
  const injected = (code: string): Error => {
    const errno = constants.errno[code as 'EPERM'];
    return Object.assign(new Error(`injected (${code})`), { code, errno });
  };
  const isDue = (late: boolean): boolean => {
    const { fault, calls } = injector;
    return fault !== undefined && calls === fault.call && fault.isLate === late;
  };
  const faulty = (work: Work, isChange: (...args: unknown[]) => boolean = () => true): Work =>
    function (this: unknown, ...args: unknown[]) {
      if (!isChange(...args)) return work.apply(this, args);
      injector.calls++;
      if (isDue(false)) throw injected(injector.fault!.code);
      const isHit = isDue(true);
      const result = work.apply(this, args);
      if (!isHit) return result;
      const { code } = injector.fault!;
      if (!(result instanceof Promise)) throw injected(code);
      return result.then(() => {
        throw injected(code);
      });
    };
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

type Turn = number | 'none';
const SCENARIOS: readonly { readonly what: string; readonly from: Turn; readonly to: Turn }[] = [
  { what: 'a first apply', from: 'none', to: 0 },
  { what: 'a change of policy, services and endpoints', from: 0, to: 1 },
  { what: 'a selector that splits classes', from: 2, to: 3 },
  { what: 'other programs', from: 7, to: 8 },
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
        const fault: Fault = {
          call,
          code: ERRORS[n % ERRORS.length] ?? 'EPERM',
          isLate: n % 2 === 1,
        };
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
      expect(stateOfTurn(node.name, to)).toBeDefined();
      expect(failed).toBeGreaterThan(0);
      expect(codes.size).toBeGreaterThan(0);
    },
  );
});
