import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processId } from '../../src/apply/process.js';
import { replaceFile, sweep, temporaryName } from '../../src/apply/temporary.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plk-sweep-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('what dead processes left is swept, and what living ones have is not', async () => {
  const write = (name: string, text = ''): void => writeFileSync(join(directory, name), text);
  const mine = await temporaryName(join(directory, 'provenance.json'));
  writeFileSync(mine, '');
  write('lock.stale-1-2', JSON.stringify(await processId(process.pid)));
  const kept = readdirSync(directory);
  write('provenance.json.1-2-1.tmp');
  write('lock.1-2-7.tmp', '{"pid":1');
  write('lock.stale-3-4', JSON.stringify({ pid: 1, startTime: '2' }));
  // Nobody's: whoever made it looks after it.
  write('other.tmp');
  write('names.json');
  await sweep(directory);
  expect(readdirSync(directory)).toEqual([...kept, 'other.tmp', 'names.json'].sort());
});

test('a file that cannot be replaced leaves nothing beside it', async () => {
  const path = join(directory, 'taken');
  writeFileSync(path, '');
  await expect(replaceFile(join(path, 'inside'), 'x')).rejects.toMatchObject({ code: 'ENOTDIR' });
  expect(readdirSync(directory)).toEqual(['taken']);
});
