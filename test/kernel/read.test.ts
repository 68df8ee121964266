import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apply } from '../../src/apply/apply.js';
import { openInstance } from '../../src/kernel/instance.js';
import { readState } from '../../src/kernel/read-state.js';
import { plan } from '../../src/plan/make-plan.js';
import { fingerprint } from '../../src/state/canonical.js';
import { parseAddress } from '../../src/state/address.js';
import { ADDRESS, desiredState } from './desired.js';
import { KernelNode } from './node.js';

let node: KernelNode;
beforeEach(() => {
  node = new KernelNode('plk-read');
});
afterEach(() => {
  node.dispose();
});

describe('a node with nothing of ours', () => {
  test('reads as empty, and reading makes nothing', async () => {
    expect(await readState(node.instance)).toEqual({ version: 1, node: '', resources: [] });
    expect(readdirSync(node.root)).toEqual([]);
  });

  test('is an error where the namespace is not there', async () => {
    const nowhere = openInstance({ netns: 'plk-nowhere', root: node.root });
    await expect(readState(nowhere)).rejects.toMatchObject({ code: 'PLB_NETNS' });
  });

  test('reads as empty without privileges', () => {
    const output = execFileSync(
      process.execPath,
      ['scripts/ts-run.mjs', 'test/kernel/read-unprivileged.ts', node.root],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    expect(JSON.parse(output)).toEqual({ version: 1, node: '', resources: [] });
  });
});

describe('a node that was applied', () => {
  beforeEach(async () => {
    await apply(plan(desiredState(node.name), await node.read()), node.instance);
  });

  test('is known by the alias of its device', async () => {
    expect((await readState(node.instance)).node).toBe(node.name);
  });

  test('is not read as another node', async () => {
    await expect(readState(node.instance, { node: 'tatooine' })).rejects.toMatchObject({
      code: 'PLB_OTHER_NODE',
    });
  });

  test('never reads what belongs to strangers', async () => {
    const before = fingerprint(await node.read());
    node.ip('link', 'add', 'theirs', 'type', 'bridge');
    node.ip('link', 'set', 'theirs', 'up');
    node.ip('address', 'add', '192.0.2.1/24', 'dev', 'theirs');
    node.ip('route', 'add', '198.51.100.0/24', 'dev', 'theirs');
    node.ip('route', 'add', '203.0.113.0/24', 'dev', 'lxca', 'proto', 'static');
    node.ip('rule', 'add', 'fwmark', '0x200', 'lookup', '2004');
    node.ip('neighbor', 'add', '192.0.2.9', 'lladdr', '02:00:00:00:00:09', 'dev', 'theirs');
    execFileSync('nsenter', [
      `--net=/run/netns/${node.name}`,
      'nft',
      'add',
      'table',
      'inet',
      'theirs',
    ]);
    node.tc('qdisc', 'add', 'dev', 'theirs', 'clsact');
    const pin = `${node.bpffs}/theirs`;
    execFileSync('bpftool', [
      ...['map', 'create', pin, 'type', 'hash', 'key', '4', 'value', '4'],
      ...['entries', '1', 'name', 'theirs'],
    ]);
    execFileSync('ip', ['netns', 'add', `${node.name}-x`]);
    expect(fingerprint(await node.read())).toBe(before);
    expect(existsSync(pin)).toBe(true);
  });

  test('ignores addresses that the kernel gives itself and neighbors that it learned', async () => {
    const before = fingerprint(await node.read());
    node.inside(`${node.name}-a`, 'ip', 'link', 'set', 'eth0', 'addrgenmode', 'eui64');
    node.inside(`${node.name}-a`, 'ip', '-6', 'address', 'add', 'fe80::1/64', 'dev', 'eth0');
    const learned = ['10.77.0.99', 'lladdr', '02:00:00:00:00:99', 'dev', 'lxca', 'nud', 'stale'];
    node.ip('neighbor', 'add', ...learned);
    expect(fingerprint(await node.read())).toBe(before);
  });

  test('shows another program on a block, and an apply puts ours back', async () => {
    const pin = `${node.bpffs}/other`;
    run('bpftool', 'prog', 'pin', 'id', programId(node, 'from_endpoint'), pin);
    for (const [priority, program] of [
      ['1', 'from_endpoint'],
      ['7', /^\?[0-9a-f]{16}$/],
    ] as const) {
      addFilter(node, priority, 'bpf', 'da', 'pinned', pin);
      const state = await node.read();
      expect(state.resources.find((r) => r.key === 'tc-block/egress')).toMatchObject({
        attributes: {
          program:
            typeof program === 'string' ? program : (expect.stringMatching(program) as string),
        },
      });
      const made = plan(desiredState(node.name), state);
      expect(made.steps.map(({ key }) => key)).toEqual(['tc-block/egress']);
      const failing = apply(made, node.instance, {
        onStep: ({ state: at }) => {
          if (at === 'done') throw new Error('injected');
        },
      });
      await expect(failing).rejects.toThrow('injected');
      expect(fingerprint(await node.read())).toBe(made.fingerprint);
      await apply(made, node.instance);
      expect(plan(desiredState(node.name), await node.read()).steps).toEqual([]);
    }
  });

  test('shows a filter that is no program, and an apply says how to remove it', async () => {
    addFilter(node, '7', 'u32', 'match', 'u32', '0', '0');
    const state = await node.read();
    expect(state.resources.find((r) => r.key === 'tc-block/egress')).toMatchObject({
      attributes: { program: '?u32' },
    });
    const refused = apply(plan(desiredState(node.name), state), node.instance);
    await expect(refused).rejects.toMatchObject({
      code: 'PLB_FOREIGN_FILTER',
      hint: expect.stringContaining('tc filter delete block 7367682 pref 7') as string,
    });
    expect(fingerprint(await node.read())).toBe(fingerprint(state));
  });

  test('shows a row of a device that is gone by its number', async () => {
    const ifindex = Number(/^(\d+): lxcb/m.exec(node.ip('link'))?.[1]);
    node.ip('link', 'delete', 'lxcb');
    const { resources } = await node.read();
    const rows = resources.find((r) => r.key === 'plumb_devices');
    expect(rows?.kind === 'bpf-entries' && Buffer.from(rows.columns.keys).toString()).toContain(
      `?${ifindex}`,
    );
  });

  test('lists garbage that no policy reaches as something to remove', async () => {
    const stray = ['09', '09', '09', '09'];
    execFileSync('bpftool', [
      ...['map', 'update', 'pinned', node.mapPin('plumb_refs')],
      ...['key', 'hex', ...stray, ...Array<string>(8).fill('00')],
      ...['value', 'hex', ...stray],
    ]);
    const state = await node.read();
    expect(state.previous ?? []).not.toContain('plumb_refs/09090909');
    const made = plan(desiredState(node.name), state);
    expect(made.steps.filter((s) => s.action === 'delete').map((s) => s.key)).toEqual([
      'plumb_refs/09090909',
    ]);
    await apply(made, node.instance);
    expect(plan(desiredState(node.name), await node.read()).steps).toEqual([]);
  });

  test('reads addresses as the bytes that the datapath compares', async () => {
    const { resources } = await node.read();
    const rows = resources.find((r) => r.key === 'plumb_endpoints');
    const keys = rows?.kind === 'bpf-entries' ? Buffer.from(rows.columns.keys) : Buffer.alloc(0);
    expect(keys.includes(Buffer.from(parseAddress(ADDRESS.b)))).toBe(true);
  });
});

/** Puts a filter on the egress block. `tc -netns` would hide the bpffs. */
function addFilter(of: KernelNode, priority: string, ...filter: readonly string[]): void {
  const place = ['block', '7367682', 'pref', priority, 'protocol', 'all'];
  const handle = filter[0] === 'bpf' ? ['handle', '1'] : [];
  const net = `--net=/run/netns/${of.name}`;
  run('nsenter', net, 'tc', 'filter', 'replace', ...place, ...handle, ...filter);
}

function programId(of: KernelNode, name: string): string {
  const pin = `${of.instance.pinDir}/programs/${name}`;
  const { id } = JSON.parse(run('bpftool', '--json', 'prog', 'show', 'pinned', pin)) as {
    id: number;
  };
  return String(id);
}

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
