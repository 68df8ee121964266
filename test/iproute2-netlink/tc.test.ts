import { execFileSync } from 'node:child_process';
import type { Operation } from 'iproute2-netlink';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Programs, type Program } from './program.js';
import { BRIDGE, TestNetns, failureOf } from './support.js';

const INGRESS = 0x706c01;
const EGRESS = 0x706c02;
const CLSACT = 0xfffffff1;
const CLSACT_INGRESS = 0xfffffff2;
const ETH_P_ALL = 3;
const TC_ACT_OK = 0;
const TC_ACT_SHOT = 2;

let programs: Programs;
let drop: Program;
let pass: Program;

beforeAll(() => {
  programs = new Programs();
  drop = programs.load('drop', TC_ACT_SHOT);
  pass = programs.load('pass', TC_ACT_OK);
});

afterAll(() => {
  programs.remove();
});

async function netnsWithBlocks(): Promise<TestNetns> {
  const netns = await TestNetns.withBridge();
  await netns.netlink.batch([
    { op: 'clsact-add', ifindex: BRIDGE, ingressBlock: INGRESS, egressBlock: EGRESS },
  ]);
  return netns;
}

function replace(program: Program, name: string): Operation {
  return {
    op: 'filter-replace',
    block: INGRESS,
    priority: 1,
    handle: 1,
    bpf: { pinned: program.pinned, name, directAction: true },
  };
}

test('a clsact qdisc is read with its blocks, as tc(8) prints it, and deleted', async () => {
  const netns = await netnsWithBlocks();
  const qdiscs = await netns.netlink.qdiscs();
  expect(qdiscs.find((qdisc) => qdisc.kind === 'clsact')).toEqual({
    ifindex: BRIDGE,
    kind: 'clsact',
    handle: 0xffff0000,
    parent: CLSACT,
    ingressBlock: INGRESS,
    egressBlock: EGRESS,
  });
  expect(
    qdiscs.map((q) => [q.kind, netns.deviceName(q.ifindex), q.ingressBlock, q.egressBlock]),
  ).toEqual(
    netns
      .tc('qdisc', 'show')
      .map((q) => [q['kind'], q['dev'], q['ingress_block'], q['egress_block']]),
  );
  await netns.netlink.batch([{ op: 'qdisc-delete', ifindex: BRIDGE, parent: CLSACT }]);
  expect((await netns.netlink.qdiscs()).map((q) => q.kind)).not.toContain('clsact');
});

test('one filter on a block is read with its program, and replaced at once', async () => {
  const netns = await netnsWithBlocks();
  await netns.netlink.batch([replace(drop, 'first')]);
  const filter = { kind: 'bpf', priority: 1, handle: 1, protocol: ETH_P_ALL, chain: 0 };
  const read = (program: Program, name: string): object => ({
    ...filter,
    bpf: { id: program.id, tag: program.tag, name, directAction: true },
  });
  expect(await netns.netlink.filters({ block: INGRESS })).toEqual([read(drop, 'first')]);
  expect(await netns.netlink.filters({ block: EGRESS })).toEqual([]);
  await netns.netlink.batch([replace(pass, 'second')]);
  expect(await netns.netlink.filters({ block: INGRESS })).toEqual([read(pass, 'second')]);
  const printed = netns.tc('filter', 'show', 'block', String(INGRESS)).filter((f) => f['options']);
  expect(printed).toHaveLength(1);
  expect(printed[0]).toMatchObject({
    kind: 'bpf',
    pref: 1,
    options: { bpf_name: 'second', prog: { id: pass.id, tag: pass.tag } },
  });
});

test('a filter on a block decides over the packets of every device that shares it', async () => {
  const [netns, inside] = [await TestNetns.make(), await TestNetns.make()];
  const ends = [1, 2].map((n): Operation[] => [
    {
      op: 'link-add',
      name: `h${String(n)}`,
      kind: 'veth',
      ifindex: 65_536 + n,
      up: true,
      peer: { name: `e${String(n)}`, netns: inside.path, ifindex: 20 + n, up: true },
    },
    { op: 'address-add', ifindex: 65_536 + n, address: `10.1.${String(n)}.1`, prefixLength: 24 },
    { op: 'clsact-add', ifindex: 65_536 + n, ingressBlock: INGRESS },
  ]);
  await netns.netlink.batch(ends.flat());
  await inside.netlink.batch(
    [1, 2].map((n) => ({
      op: 'address-add',
      ifindex: 20 + n,
      address: `10.1.${String(n)}.2`,
      prefixLength: 24,
    })),
  );
  expect([1, 2].map((n) => pings(inside, `10.1.${String(n)}.1`))).toEqual([true, true]);
  await netns.netlink.batch([replace(drop, 'drop')]);
  expect([1, 2].map((n) => pings(inside, `10.1.${String(n)}.1`))).toEqual([false, false]);
  await netns.netlink.batch([replace(pass, 'pass')]);
  expect([1, 2].map((n) => pings(inside, `10.1.${String(n)}.1`))).toEqual([true, true]);
});

test('adding a filter that exists is refused, and a deleted one is gone', async () => {
  const netns = await netnsWithBlocks();
  const target = { block: EGRESS, priority: 7, handle: 3, chain: 0 };
  const bpf = { pinned: drop.pinned, name: 'x', directAction: true };
  await netns.netlink.batch([{ op: 'filter-add', ...target, bpf }]);
  const error = await failureOf(netns.netlink, [{ op: 'filter-add', ...target, bpf }]);
  expect(error).toMatchObject({
    code: 'EEXIST',
    request: `filter-add block ${String(EGRESS)} priority 7 handle 3`,
  });
  await netns.netlink.batch([{ op: 'filter-delete', ...target }]);
  expect(await netns.netlink.filters({ block: EGRESS })).toEqual([]);
});

test('a filter can be on one device alone', async () => {
  const netns = await TestNetns.withBridge();
  const target = { ifindex: BRIDGE, parent: CLSACT_INGRESS } as const;
  await netns.netlink.batch([
    { op: 'clsact-add', ifindex: BRIDGE },
    {
      op: 'filter-add',
      ...target,
      priority: 2,
      handle: 5,
      bpf: { pinned: drop.pinned, name: 'alone', directAction: true },
    },
  ]);
  expect(await netns.netlink.filters(target)).toMatchObject([
    { priority: 2, handle: 5, bpf: { id: drop.id } },
  ]);
});

test('filters of a stranger are read too, with what is known of their kind', async () => {
  const netns = await netnsWithBlocks();
  const block = `filter add block ${String(INGRESS)} pref 49 protocol ip chain 5`;
  const classic = ['bpf', 'bytecode', '1,6 0 0 0', 'flowid', '1:1'];
  execFileSync('tc', ['-n', netns.name, ...block.split(' '), ...classic]);
  expect(await netns.netlink.filters({ block: INGRESS })).toEqual([
    { kind: 'bpf', priority: 49, handle: 1, protocol: 0x0800, chain: 5 },
  ]);
});

test('a block or a device that does not exist has no filters, and takes none', async () => {
  const netns = await TestNetns.make();
  expect(await netns.netlink.filters({ block: 99 })).toEqual([]);
  expect(await netns.netlink.filters({ ifindex: 99, parent: CLSACT_INGRESS })).toEqual([]);
  const error = await failureOf(netns.netlink, [replace(drop, 'x')]);
  expect(error).toMatchObject({
    code: 'EINVAL',
    extack: expect.stringContaining('lock') as string,
  });
});

test('a descriptor that is no program is refused by the kernel', async () => {
  const netns = await netnsWithBlocks();
  const target = { block: INGRESS, priority: 1, handle: 1 };
  const error = await failureOf(netns.netlink, [
    { op: 'filter-add', ...target, bpf: { fd: 99_999, name: 'x', directAction: true } },
  ]);
  expect(error).toMatchObject({ code: 'EBADF', index: 0 });
});

test('a pin that does not exist fails the operation that names it', async () => {
  const netns = await netnsWithBlocks();
  const absent = { ...drop, pinned: `${drop.pinned}-absent` };
  const error = await failureOf(netns.netlink, [replace(absent, 'x')]);
  expect(error).toMatchObject({ code: 'ENOENT', index: 0 });
  expect(error.message).toContain(absent.pinned);
});

function pings(netns: TestNetns, address: string): boolean {
  try {
    execFileSync('ip', ['netns', 'exec', netns.name, 'ping', '-c1', '-W1', '-q', address], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}
