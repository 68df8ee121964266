import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeLock } from '../../src/apply/lock.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plk-lock-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('the lock of an instance', () => {
  test('is held by one until it is released, and leaves no file', async () => {
    const lock = await takeLock(directory);
    await expect(takeLock(directory)).rejects.toMatchObject({
      code: 'PLB_LOCKED',
      message: expect.stringMatching(
        new RegExp(
          `^process ${process.pid} \\(.+, of user \\d+, since .+\\) is changing this node$`,
        ),
      ) as string,
    });
    expect(statSync(join(directory, 'lock')).mode & 0o777).toBe(0o600);
    await lock.release();
    expect(readdirSync(directory)).toEqual([]);
    await (await takeLock(directory)).release();
  });

  test('is taken over from a process that is gone', async () => {
    const child = spawn('true');
    await new Promise((done) => child.on('exit', done));
    const gone = { pid: child.pid, startTime: '1' };
    writeFileSync(join(directory, 'lock'), JSON.stringify(gone));
    const lock = await takeLock(directory);
    const owner = JSON.parse(readFileSync(join(directory, 'lock'), 'utf8')) as { pid: number };
    expect(owner.pid).toBe(process.pid);
    await lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('is taken over from an earlier process with the number of a living one', async () => {
    writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: 1, startTime: '-1' }));
    await (await takeLock(directory)).release();
  });

  test('goes to exactly one of many who find a stale one', async () => {
    writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: 1, startTime: '-1' }));
    const asked = Array.from({ length: 8 }, () => takeLock(directory));
    const results = await Promise.allSettled(asked);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('whose contents nobody understands is respected', async () => {
    writeFileSync(join(directory, 'lock'), 'what?');
    await expect(takeLock(directory)).rejects.toMatchObject({ code: 'PLB_LOCKED' });
  });
});
