import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Answers one request; neither is trusted to be more than JSON. */
export type Answer = (request: unknown) => Promise<unknown>;

/** More than this on one line is no request. */
const MAX_REQUEST = 16 << 20;

/** Answers each line of a pipe with a line, one after the other. */
export function answerRequests(pipe: Duplex, answer: Answer, fail: (error: Error) => void): void {
  const decoder = new StringDecoder();
  let text = '';
  let last: Promise<void> = Promise.resolve();
  // The other end may be gone when its answer comes.
  pipe.on('error', () => undefined);
  pipe.on('data', (chunk: Buffer) => {
    text += decoder.write(chunk);
    if (text.length > MAX_REQUEST) {
      fail(new Error('a request has no end'));
      return;
    }
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      last = last.then(async () => {
        try {
          pipe.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
        } catch (error) {
          fail(error as Error);
        }
      });
    }
  });
}
