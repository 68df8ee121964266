import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { takeInventory } from '../kernel/inventory.js';
import { KernelNode } from '../kernel/node.js';
import { planTurn, turnTo, type Turn } from './turn.js';

/** Changes of the kernel and of files, every so many-th by one error; `PLUMB_FAULTS=1` for each of them by all. */
const STRIDE = Number(process.env['PLUMB_FAULTS'] ?? 41);
const IS_WHOLE = process.env['PLUMB_FAULTS'] !== undefined;
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
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<Record<string, Work>>();
  const isOurs = (path: unknown): boolean => String(path).includes('/plk-');
  const names = ['writeFile', 'rename', 'link', 'mkdir'];
  const faulty = names.map((name) => [name, injector.faulty(original[name]!, isOurs)] as const);
  return { ...original, ...Object.fromEntries(faulty) };
});
vi.mock('../../src/kernel/native.js', async (importOriginal) => {
  const original = await importOriginal<Record<string, unknown>>();
  const { faulty } = injector;
  const FUNCTIONS = [
    ...['loadObject', 'attachTcx', 'attachSkLookup', 'attachCgroup', 'mountBpffs', 'unpin'],
    ...['netnsCreate', 'netnsDelete', 'netnsWrite'],
  ];
  const METHODS: Record<string, readonly string[]> = {
    BpfMap: ['update', 'updateBatch', 'delete', 'deleteBatch', 'pin'],
    BpfProgram: ['pin'],
    BpfLink: ['update', 'detach', 'pin'],
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
  const maps = original['BpfMap'] as { create: Work };
  maps.create = faulty(maps.create);
  const isWrite = (options: unknown): boolean => !JSON.stringify(options).includes('"list"');
  return {
    ...original,
    ...Object.fromEntries(FUNCTIONS.map((name) => [name, faulty(original[name] as Work)])),
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

/** Few processes: it is asked for after each failure. */
const LOOK = `
ip -details -batch - <<'END'
link show
address show
rule show
route show table all
neigh show nud permanent
END
ip -6 -batch - <<'END'
rule show
route show table all
END
tc qdisc show
nft list ruleset
`;

/** All that the node holds: every row of every map, what iproute2 and nft see, every pin, and every file. */
async function everything(): Promise<string> {
  const { resources } = await node.read();
  const namespaces = resources.flatMap((one) =>
    one.kind === 'netns' ? [one.attributes.name] : [],
  );
  const seen = [node.name, ...namespaces].map((netns) => {
    const command = [`--net=/run/netns/${netns}`, 'sh', '-c', LOOK];
    // Numbers that the kernel gives anew, and how busy a device is. Ours of devices are in the state.
    const text = execFileSync('nsenter', command, { encoding: 'utf8' })
      .replace(/\b(handle|qlen|if|link-netnsid|valid_lft|expires)\s?\d+(sec)?/g, '$1')
      .replace(/^\d+: /gm, '');
    return sorted(text);
  });
  return [JSON.stringify(resources), ...seen, ...pins(), ...files()].join('\n');
}

const pins = (): readonly string[] => takeInventory([], [node.bpffs])['pins'] ?? [];

/** With what is in them; those of a proxy, which may be another process by now, by their names. */
function files(): string[] {
  const directory = join(node.root, 'run');
  if (!existsSync(directory)) return [];
  const found = readdirSync(directory, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const isText = entry.isFile() && !path.includes('/proxy/');
    return isText
      ? `${path} ${readFileSync(path, 'utf8')}`
      : path.replace(/haproxy-[\d-]+/, 'haproxy');
  });
  return [...new Set(found)];
}

/** Lines that one of them has more often than the other, as far as one can read them. */
function differing(before: string, after: string): string {
  const count = (text: string): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const line of text.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1);
    return counts;
  };
  const more = (one: string, other: string, sign: string): string[] => {
    const there = count(other);
    return [...count(one)]
      .filter(([line, times]) => times > (there.get(line) ?? 0))
      .map(([line]) => `${sign} ${line.slice(0, 200)}`);
  };
  return [...more(before, after, '-'), ...more(after, before, '+')].join('\n') || 'their order';
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

/** Over all scenarios, so that the few that are tried by default are of every sort. */
let tried = 0;
const codes = new Set<string>();

/** What a call is to fail with: an error before it has its effect, and one after it. */
function faultsAt(call: number): NonNullable<typeof injector.fault>[] {
  const fault = (code: (typeof ERRORS)[number], isLate: boolean) => ({
    ...{ call, code, isLate },
    errno: constants.errno[code],
  });
  const turn = ERRORS[tried % ERRORS.length] ?? 'EPERM';
  if (!IS_WHOLE) return [fault(turn, tried % 2 === 1)];
  return [...ERRORS.map((code) => fault(code, false)), fault(turn, true)];
}

describe.each(SCENARIOS)('$what', ({ from, to }) => {
  test(
    'that fails at any change leaves what there was, to the byte',
    { timeout: 7_200_000 },
    async () => {
      await turnTo(node.name, node.instance, from);
      let before = await everything();
      const problems: string[] = [];
      let failed = 0;
      for (let call = 1 + (STRIDE >> 2), isReached = true; isReached; call += STRIDE) {
        for (const fault of faultsAt(call)) {
          tried++;
          injector.calls = 0;
          injector.fault = fault;
          const outcome = await turnTo(node.name, node.instance, to).then(
            () => undefined,
            (error: unknown) => error,
          );
          injector.fault = undefined;
          isReached = injector.calls >= call;
          if (!isReached) break;
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
          const after = await everything();
          if (after === before) continue;
          problems.push(`${where}: ${differing(before, after)}`);
          await turnTo(node.name, node.instance, from);
          before = await everything();
        }
      }
      expect(problems).toEqual([]);
      expect(failed).toBeGreaterThan(0);
      if (IS_WHOLE) console.log(`${String(failed)} failures`);
    },
  );
});

test('every error was among them', () => {
  expect([...codes].sort()).toEqual([...ERRORS].sort());
});
