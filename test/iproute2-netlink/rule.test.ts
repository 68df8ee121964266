import type { Rule } from 'iproute2-netlink';
import { expect, test } from 'vitest';
import { TestNetns, failureOf } from './support.js';

const OURS = 80;

const RULES: Rule[] = [
  {
    family: 'inet',
    priority: 100,
    table: 2004,
    protocol: OURS,
    fwmark: 0x200,
    fwmask: 0xf00,
    action: 'to-table',
  },
  {
    family: 'inet6',
    priority: 100,
    table: 70_000,
    protocol: OURS,
    fwmark: 0x200,
    fwmask: 0xf00,
    action: 'to-table',
  },
  {
    family: 'inet',
    priority: 101,
    table: 100,
    protocol: OURS,
    iif: 'p0',
    oif: 'not-there',
    action: 'to-table',
  },
  {
    family: 'inet6',
    priority: 101,
    table: 100,
    protocol: OURS,
    source: 'fd00::/64',
    destination: 'fd01::1/128',
    action: 'to-table',
  },
  {
    family: 'inet',
    priority: 102,
    table: 0,
    protocol: OURS,
    source: '10.0.0.0/8',
    action: 'prohibit',
  },
  { family: 'inet', priority: 103, table: 0, protocol: OURS, action: 'goto', goto: 32_766 },
  {
    family: 'inet',
    priority: 104,
    table: 9,
    protocol: OURS,
    destination: '10.1.0.0/16',
    invert: true,
    action: 'to-table',
  },
];

test('rules of both families are read as they were added', async () => {
  const netns = await TestNetns.make();
  await netns.netlink.batch(RULES.map((rule) => ({ op: 'rule-add', rule })));
  const read = (await netns.netlink.rules()).filter((rule) => rule.protocol === OURS);
  expect(read).toHaveLength(RULES.length);
  expect(read).toEqual(expect.arrayContaining(RULES));
});

test('rules are read in the order and with the tables that ip(8) prints', async () => {
  const netns = await TestNetns.make();
  await netns.netlink.batch(RULES.map((rule) => ({ op: 'rule-add', rule })));
  const names: Record<number, string> = { 253: 'default', 254: 'main', 255: 'local' };
  for (const [family, flag] of [
    ['inet', '-4'],
    ['inet6', '-6'],
  ] as const) {
    const read = (await netns.netlink.rules()).filter((rule) => rule.family === family);
    expect(
      read.map((rule) => ({
        priority: rule.priority,
        table: rule.table === 0 ? undefined : (names[rule.table] ?? String(rule.table)),
        fwmark: rule.fwmark && `0x${rule.fwmark.toString(16)}`,
        iif: rule.iif,
      })),
    ).toEqual(
      netns.ip(flag, 'rule').map((rule) => ({
        priority: rule['priority'],
        table: rule['table'],
        fwmark: rule['fwmark'],
        iif: rule['iif'],
      })),
    );
  }
});

test('a rule is deleted by what it says, and a stranger with the same mark stays', async () => {
  const netns = await TestNetns.make();
  const rule = {
    family: 'inet',
    priority: 100,
    table: 2004,
    fwmark: 0x200,
    protocol: OURS,
  } as const;
  await netns.netlink.batch([
    { op: 'rule-add', rule: { ...rule, protocol: 4 } },
    { op: 'rule-add', rule },
    { op: 'rule-delete', rule },
  ]);
  const left = (await netns.netlink.rules()).filter((r) => r.priority === 100);
  expect(left.map((r) => r.protocol)).toEqual([4]);
  expect(await failureOf(netns.netlink, [{ op: 'rule-delete', rule }])).toMatchObject({
    code: 'ENOENT',
    request: 'rule-delete inet priority 100',
  });
});

test('a rule that exists is refused with EEXIST', async () => {
  const netns = await TestNetns.make();
  const rule = { family: 'inet6', priority: 100, table: 9, protocol: OURS } as const;
  const twice = [{ op: 'rule-add', rule } as const, { op: 'rule-add', rule } as const];
  expect(await failureOf(netns.netlink, twice)).toMatchObject({ code: 'EEXIST', index: 1 });
});
