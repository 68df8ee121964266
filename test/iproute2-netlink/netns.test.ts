import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {
  Netlink,
  NetlinkError,
  netnsCreate,
  netnsDelete,
  netnsId,
  netnsList,
  netnsSweep,
} from 'iproute2-netlink';
import { expect, onTestFinished, test } from 'vitest';
import { TestNetns, uniqueName } from './support.js';

test('a namespace is made with lo up and its alias, and ip(8) can use it', async () => {
  const netns = await TestNetns.make('plumb:hoth');
  expect(netnsList()).toContain(netns.name);
  expect(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })).toContain(netns.name);
  const [lo, ...others] = netns.ip('link');
  expect(others).toEqual([]);
  expect(lo).toMatchObject({ ifname: 'lo', ifalias: 'plumb:hoth', ifindex: 1 });
  expect(lo?.['flags']).toContain('UP');
});

test('a namespace is another one than that of this process, which stays where it is', async () => {
  const before = netnsId();
  const netns = await TestNetns.make();
  expect(netnsId(netns.path)).toBe(statSync(netns.path, { bigint: true }).ino);
  expect(netnsId(netns.path)).not.toBe(before);
  expect(netnsId()).toBe(before);
  const here = await Netlink.open();
  onTestFinished(() => {
    here.close();
  });
  const names = readFileSync('/proc/net/dev', 'utf8').match(/^ *[^:\s]+(?=:)/gm) ?? [];
  expect((await here.links()).map((link) => link.name).sort()).toEqual(
    names.map((name) => name.trim()).sort(),
  );
});

test('a name that is taken is refused with EEXIST and keeps its namespace', async () => {
  const netns = await TestNetns.make('first');
  const id = netnsId(netns.path);
  await expect(netnsCreate({ name: netns.name, loAlias: 'second' })).rejects.toMatchObject({
    code: 'EEXIST',
    errno: 17,
  });
  expect(netnsId(netns.path)).toBe(id);
  expect(netns.ip('link')[0]).toMatchObject({ ifalias: 'first' });
});

test('an alias that the kernel refuses leaves no name behind', async () => {
  const name = uniqueName();
  onTestFinished(() => netnsDelete(name));
  const error: unknown = await netnsCreate({ name, loAlias: 'x'.repeat(300) }).catch(
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(NetlinkError);
  expect(existsSync(`/run/netns/${name}`)).toBe(false);
});

test('deleting a namespace takes its name away, and a second time changes nothing', async () => {
  const netns = await TestNetns.make();
  await netnsDelete(netns.name);
  expect(netnsList()).not.toContain(netns.name);
  expect(existsSync(netns.path)).toBe(false);
  await expect(netnsDelete(netns.name)).resolves.toBeUndefined();
});

test('a socket outlives the name of its namespace', async () => {
  const netns = await TestNetns.make('still here');
  await netnsDelete(netns.name);
  expect((await netns.netlink.links()).map((link) => link.alias)).toEqual(['still here']);
});

test('what a creator that died left behind is no namespace and does not block the name', async () => {
  const name = uniqueName();
  onTestFinished(() => netnsDelete(name));
  mkdirSync('/run/netns', { recursive: true });
  writeFileSync(`/run/netns/${name}`, '', { mode: 0 });
  expect(netnsList()).not.toContain(name);
  expect(() => netnsId(`/run/netns/${name}`)).toThrow(/not a namespace/);
  // a young one may be another process about to mount
  await expect(netnsCreate({ name })).rejects.toMatchObject({ code: 'EEXIST' });
  utimesSync(`/run/netns/${name}`, 1, 1);
  await netnsCreate({ name });
  expect(netnsList()).toContain(name);
});

test('what a kill left is taken over, or swept, by its alias alone', async () => {
  const [name, other, strange] = [uniqueName(), uniqueName(), uniqueName()];
  onTestFinished(async () => {
    for (const one of [name, other, strange]) await netnsDelete(one);
  });
  await netnsCreate({ name: other, loAlias: 'mine' });
  execFileSync('umount', [`/run/netns/${other}`]);
  copyFileSync(`/run/netns/${other}`, `/run/netns/${name}`);
  writeFileSync(`/run/netns/${strange}`, 'yours');
  await expect(netnsCreate({ name: strange, loAlias: 'mine' })).rejects.toMatchObject({
    code: 'EEXIST',
  });
  await netnsCreate({ name, loAlias: 'mine' });
  expect(netnsList()).toContain(name);
  expect(netnsSweep('mine')).toEqual([other]);
  expect(existsSync(`/run/netns/${strange}`)).toBe(true);
  expect(netnsList()).toContain(name);
});

test('namespaces made at the same time are all there, each with its own alias', async () => {
  const names = Array.from({ length: 8 }, uniqueName);
  onTestFinished(async () => {
    await Promise.all(names.map((name) => netnsDelete(name)));
  });
  await Promise.all(names.map((name) => netnsCreate({ name, loAlias: `of ${name}` })));
  expect(netnsList()).toEqual(expect.arrayContaining(names));
  for (const name of names) {
    const netlink = await Netlink.open({ netns: `/run/netns/${name}` });
    expect((await netlink.links()).map((link) => link.alias)).toEqual([`of ${name}`]);
    netlink.close();
  }
  expect(new Set(names.map((name) => netnsId(`/run/netns/${name}`))).size).toBe(names.length);
});

test.each(['', '.', '..', 'a/b', 'a\0b'])('%j is refused as a name', async (name) => {
  await expect(netnsCreate({ name })).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(netnsDelete(name)).rejects.toMatchObject({ code: 'EINVAL' });
});

test('a namespace that does not exist cannot be opened', async () => {
  await expect(Netlink.open({ netns: '/run/netns/nl-test-absent' })).rejects.toMatchObject({
    code: 'ENOENT',
    message: expect.stringContaining('/run/netns/nl-test-absent') as string,
  });
  expect(() => netnsId('/run/netns/nl-test-absent')).toThrow(NetlinkError);
});
