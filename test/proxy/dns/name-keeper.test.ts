import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { NameKeeper, type Binding } from '../../../src/proxy/dns/name-keeper.js';

let path: string;
let kernel: readonly Binding[];
let writes: number;
/** What writing to the kernel waits for; it may fail. */
let gate: Promise<void>;
const errors: unknown[] = [];

beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'names-'));
  path = join(directory, 'names.json');
  [kernel, writes, gate] = [[], 0, Promise.resolve()];
  errors.length = 0;
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
});

function keeper(o: { grace?: number; inUse?: string[]; path?: string } = {}): NameKeeper {
  const made = new NameKeeper({
    path: o.path ?? path,
    write: async (bindings) => {
      writes++;
      await gate;
      kernel = bindings;
    },
    isInUse: () => Promise.resolve((address) => (o.inUse ?? []).includes(address)),
    onError: (error) => errors.push(error),
    limits: { grace: o.grace ?? 60 },
  });
  onTestFinished(() => made.close());
  return made;
}

function answer(name: string, address = '192.0.2.1', ttl = 60) {
  return { name, addresses: [address], ttl };
}

function names(): string[] {
  return kernel.map(({ name }) => name);
}

test('the kernel and the file know an address before the answer is passed on', async () => {
  const keeping = keeper();
  await keeping.start();
  await keeping.learned(answer('a.test'));
  expect(kernel).toEqual([{ name: 'a.test', addresses: ['192.0.2.1'] }]);
  expect(readFileSync(path, 'utf8')).toContain('a.test');
  const again = keeper();
  await again.start();
  kernel = [];
  await again.refresh();
  expect(kernel).toEqual([{ name: 'a.test', addresses: ['192.0.2.1'] }]);
  expect(errors).toEqual([]);
});

test('who asks for the same while the kernel is being told waits as well', async () => {
  const keeping = keeper();
  await keeping.start();
  let open = (): void => undefined;
  gate = new Promise((resolve) => (open = resolve));
  const done: string[] = [];
  const first = keeping.learned(answer('a.test')).then(() => done.push('first'));
  const second = keeping.learned(answer('a.test')).then(() => done.push('second'));
  const third = keeping.learned(answer('b.test')).then(() => done.push('third'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(done).toEqual([]);
  open();
  await Promise.all([first, second, third]);
  expect(names()).toEqual(['a.test', 'b.test']);
  expect(writes).toBe(2);
});

test('what is known already is not written again', async () => {
  const keeping = keeper();
  await keeping.start();
  await keeping.learned(answer('a.test'));
  for (let i = 0; i < 5; i++) await keeping.learned(answer('a.test'));
  expect(writes).toBe(1);
});

test('what the kernel did not take is an error each time, until it does', async () => {
  const keeping = keeper();
  await keeping.start();
  gate = Promise.reject(new Error('full'));
  gate.catch(() => undefined);
  await expect(keeping.learned(answer('a.test'))).rejects.toThrow('full');
  await expect(keeping.learned(answer('a.test'))).rejects.toThrow('full');
  gate = Promise.resolve();
  await keeping.learned(answer('a.test'));
  expect(names()).toEqual(['a.test']);
});

test('what is over goes from the kernel, but for what is in use', async () => {
  const keeping = keeper({ grace: 0, inUse: ['192.0.2.2'] });
  await keeping.start();
  await keeping.learned(answer('a.test', '192.0.2.1', 0));
  await keeping.learned(answer('b.test', '192.0.2.2', 0));
  await keeping.learned(answer('c.test', '192.0.2.3', 60));
  await keeping.expire();
  expect(names()).not.toContain('a.test');
  expect(names()).toContain('c.test');
  expect(readFileSync(path, 'utf8')).not.toContain('a.test');
  expect(readFileSync(path, 'utf8')).toContain('b.test');
});

test('a file that cannot be written keeps nobody from asking', async () => {
  const keeping = keeper({ path: join(path, 'no', 'such', 'directory') });
  await keeping.start().catch(() => undefined);
  await keeping.learned(answer('a.test'));
  expect(names()).toEqual(['a.test']);
  expect(errors).toMatchObject([{ code: 'ENOENT' }]);
});
