import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readLock, writeLockFile } from '../../src/engine/lock-file.js';

it('a lock file is not written through a link that somebody left in its way', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-lock-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'plumb.lock.json');
  const other = join(directory, 'other');
  writeFileSync(other, 'ours');
  symlinkSync(other, `${path}.${String(process.pid)}.tmp`);
  symlinkSync(other, path);
  await writeLockFile(path, { version: 1, next: 257, identities: { 'org=empire': 256 } });
  expect(readFileSync(other, 'utf8')).toBe('ours');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
    identities: { 'org=empire': 256 },
  });
  expect(readdirSync(directory).sort()).toEqual(['other', 'plumb.lock.json']);
});

it('a lock file is not read through a link, nor from a pipe', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-lock-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'plumb.lock.json');
  const other = join(directory, 'other');
  await writeLockFile(other, { version: 1, next: 257, identities: {} });
  symlinkSync(other, path);
  await expect(readLock(path)).rejects.toMatchObject({
    code: 'PLB_LOCK_FILE',
    message: expect.stringContaining('it is a link'),
  });
  const pipe = join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await expect(readLock(pipe)).rejects.toThrow('it is no ordinary file');
  expect(await readLock(other)).toMatchObject({ next: 257 });
});
