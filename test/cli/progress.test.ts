import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Progress } from '../../src/cli/progress.js';

/** What a terminal shows of an apply of four steps, the third of which fails. */
async function shown(options: { isShown: boolean; patience: number }): Promise<string> {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const progress = new Progress({ ...options, stream });
  const total = 4;
  for (const index of [0, 1]) {
    progress.step({ index, total, state: 'started' });
    progress.step({ index, total, state: 'done' });
  }
  // The bar is drawn ten times a second.
  await new Promise((drawn) => setTimeout(drawn, 150));
  progress.step({ index: 2, total, state: 'started' });
  for (const index of [1, 0]) progress.step({ index, total, state: 'undone' });
  await new Promise((drawn) => setTimeout(drawn, 150));
  progress.stop();
  return text;
}

test('an apply that takes long shows how far it is, and how far its undoing', async () => {
  const text = await shown({ isShown: true, patience: 0 });
  expect(text).toMatch(/applying \S+ 2 of 4 steps/);
  expect(text).toMatch(/undoing \S+ 0 of 4 steps/);
});

test('one that is done before anybody wonders shows nothing', async () => {
  expect(await shown({ isShown: true, patience: 60_000 })).toBe('');
});

test('where nobody looks, or wants to, nothing is shown', async () => {
  expect(await shown({ isShown: false, patience: 0 })).toBe('');
});
