import { execFileSync } from 'node:child_process';
import { nft } from 'iproute2-netlink';
import { expect, test } from 'vitest';
import { TestNetns } from './support.js';

interface Answer {
  nftables: Record<string, { name?: string; handle?: number } | undefined>[];
}

const TABLE = { family: 'inet', name: 'plumb' };
const LIST = { nftables: [{ list: { ruleset: null } }] };

function list(netns: TestNetns): string {
  return execFileSync('ip', ['netns', 'exec', netns.name, 'nft', 'list', 'ruleset'], {
    encoding: 'utf8',
  });
}

test('a transaction adds a table, which is listed and deleted again', async () => {
  const netns = await TestNetns.make();
  const chain = {
    ...TABLE,
    table: 'plumb',
    name: 'pre',
    type: 'filter',
    hook: 'prerouting',
    prio: -150,
  };
  const expr = [
    { match: { op: '==', left: { meta: { key: 'mark' } }, right: 512 } },
    { accept: null },
  ];
  const added = await nft({
    netns: netns.path,
    json: {
      nftables: [
        { add: { table: TABLE } },
        { add: { chain: { ...chain, policy: 'accept' } } },
        { add: { rule: { family: 'inet', table: 'plumb', chain: 'pre', expr } } },
      ],
    },
  });
  expect(added).toEqual({});
  expect(list(netns)).toMatch(/table inet plumb \{\s+chain pre \{[^}]*meta mark 0x0+200 accept/);
  const listed = (await nft({ netns: netns.path, json: LIST })) as Answer;
  expect(listed.nftables.map((item) => Object.keys(item)[0])).toEqual([
    'metainfo',
    'table',
    'chain',
    'rule',
  ]);
  await nft({ netns: netns.path, json: { nftables: [{ delete: { table: TABLE } }] } });
  expect(list(netns)).toBe('');
});

test('with echo the answer holds the handles that the kernel gave', async () => {
  const netns = await TestNetns.make();
  const json = { nftables: [{ add: { table: TABLE } }] };
  const answer = (await nft({ netns: netns.path, json, echo: true })) as Answer;
  const [added] = answer.nftables.flatMap((item) => (item['add'] ? [item['add']] : []));
  expect(added).toMatchObject({ table: { name: 'plumb', handle: expect.any(Number) as number } });
});

test('a transaction that fails changes nothing and says why', async () => {
  const netns = await TestNetns.make();
  const commands = [
    { add: { table: TABLE } },
    { delete: { table: { family: 'ip', name: 'absent' } } },
  ];
  await expect(nft({ netns: netns.path, json: { nftables: commands } })).rejects.toMatchObject({
    name: 'NetlinkError',
    code: 'ENOENT',
    request: 'nft',
    extack: expect.stringContaining('No such file or directory') as string,
  });
  expect(list(netns)).toBe('');
});

test('commands that are no nftables commands are refused with EINVAL', async () => {
  const netns = await TestNetns.make();
  await expect(
    nft({ netns: netns.path, json: { nftables: [{ paint: {} }] } }),
  ).rejects.toMatchObject({
    code: 'EINVAL',
    extack: expect.stringContaining('Unknown object') as string,
  });
});

test('a namespace that does not exist is refused with ENOENT', async () => {
  await expect(nft({ netns: '/run/netns/nl-test-absent', json: LIST })).rejects.toMatchObject({
    code: 'ENOENT',
    message: expect.stringContaining('/run/netns/nl-test-absent') as string,
  });
});

test('calls made at the same time each reach their own namespace', async () => {
  const namespaces = await Promise.all(Array.from({ length: 4 }, () => TestNetns.make()));
  await Promise.all(
    namespaces.map((netns) =>
      nft({
        netns: netns.path,
        json: { nftables: [{ add: { table: { family: 'ip', name: `t-${netns.name}` } } }] },
      }),
    ),
  );
  for (const netns of namespaces) expect(list(netns).trim()).toBe(`table ip t-${netns.name} {\n}`);
});
