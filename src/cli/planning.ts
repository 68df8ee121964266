import { clearLine, cursorTo } from 'node:readline';

/** A terminal, or what takes its place. */
interface Terminal extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
}

/**
 * Says on a terminal that something is worked out, for as long as it is: the compiler keeps the process too busy to
 * say it later.
 */
export async function whilePlanning<T>(
  work: () => Promise<T>,
  stream: Terminal = process.stderr,
): Promise<T> {
  if (stream.isTTY !== true) return work();
  stream.write('reading the program and the kernel …');
  try {
    return await work();
  } finally {
    cursorTo(stream, 0);
    clearLine(stream, 0);
  }
}
