import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { NameFile } from '../../../src/proxy/dns/name-file.js';
import { NameStore } from '../../../src/proxy/dns/name-store.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'names-'));
  path = join(directory, 'names.json');
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
});

test('what was saved is known after a restart', async () => {
  const store = new NameStore();
  store.learn({ name: 'a.test', addresses: ['192.0.2.1', '2001:db8::1'], ttl: 60 }, 1000);
  await new NameFile(path, store).save();
  const again = new NameStore();
  expect(await new NameFile(path, again).load()).toBe(true);
  expect(again.entries()).toEqual(store.entries());
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(['names.json']);
});

test('saves at the same time are one or two writes, and nothing is missing after any of them', async () => {
  const store = new NameStore();
  const file = new NameFile(path, store);
  const names = Array.from({ length: 50 }, (_, i) => `n${String(i)}.test`);
  await Promise.all(
    names.map(async (name, i) => {
      store.learn({ name, addresses: ['192.0.2.1'], ttl: 60 }, i);
      await file.save();
      expect(readFileSync(path, 'utf8')).toContain(name);
    }),
  );
  const again = new NameStore();
  await new NameFile(path, again).load();
  expect(again.entries().map(([name]) => name)).toEqual(names);
});

test('saves that follow each other as soon as one is done lose nothing', async () => {
  const store = new NameStore();
  const file = new NameFile(path, store);
  let saved = Promise.resolve();
  for (let i = 0; i < 30; i++) {
    const name = `n${String(i)}.test`;
    store.learn({ name, addresses: ['192.0.2.1'], ttl: 60 }, i);
    const before = saved;
    saved = file.save();
    if (i % 3 === 0) await before;
  }
  await saved;
  expect(readFileSync(path, 'utf8')).toContain('n29.test');
  expect(readdirSync(directory)).toEqual(['names.json']);
});

test('there being no file is a store that knows nothing', async () => {
  const store = new NameStore();
  expect(await new NameFile(path, store).load()).toBe(true);
  expect(store.entries()).toEqual([]);
});

test.each(['', '{', '{"version":2,"names":[]}', '{"version":1,"names":[["a",{"b":"c"}]]}', 'null'])(
  'a file with %j is put aside, and the next save works',
  async (text) => {
    writeFileSync(path, text);
    const store = new NameStore();
    const file = new NameFile(path, store);
    expect(await file.load()).toBe(false);
    expect(store.entries()).toEqual([]);
    expect(readFileSync(`${path}.bad`, 'utf8')).toBe(text);
    await file.save();
    expect(await file.load()).toBe(true);
  },
);

test('a link that somebody left beside the file is not followed', async () => {
  const victim = join(directory, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, `${path}.new`);
  await expect(new NameFile(path, new NameStore()).save()).rejects.toMatchObject({ code: 'ELOOP' });
  expect(readFileSync(victim, 'utf8')).toBe('precious');
});
