import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { whilePlanning } from '../../src/cli/planning.js';

function terminal(isTTY: boolean): { readonly stream: PassThrough; readonly text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY });
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { stream, text: () => text };
}

it('a terminal is told that something is worked out, and is clean afterwards', async () => {
  const { stream, text } = terminal(true);
  const during = await whilePlanning(() => Promise.resolve(text()), stream);
  expect(during).toBe('reading the program and the kernel …');
  expect(text().slice(during.length)).toBe('\u001b[1G\u001b[2K');
});

it('a terminal is clean also after a failure', async () => {
  const { stream, text } = terminal(true);
  const failing = whilePlanning(() => Promise.reject(new Error('no')), stream);
  await expect(failing).rejects.toThrow('no');
  expect(text()).toMatch(/\u001b\[2K$/);
});

it('a file or a pipe is told nothing', async () => {
  const { stream, text } = terminal(false);
  await whilePlanning(() => Promise.resolve(), stream);
  expect(text()).toBe('');
});
