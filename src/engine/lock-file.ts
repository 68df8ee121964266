import { constants } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { PlumbError } from '../model/error.js';
import { CLUSTER_IDENTITY_MAX, CLUSTER_IDENTITY_MIN } from '../model/identity.js';
import { EMPTY_LOCK, type IdentityLock } from '../synth/identities.js';

const number = z.number().int().min(CLUSTER_IDENTITY_MIN).max(CLUSTER_IDENTITY_MAX);

const schema = z
  .strictObject({
    version: z.literal(1),
    next: z
      .number()
      .int()
      .min(CLUSTER_IDENTITY_MIN)
      .max(CLUSTER_IDENTITY_MAX + 1),
    identities: z.record(z.string(), number),
  })
  .refine(
    (lock) => new Set(Object.values(lock.identities)).size === Object.keys(lock.identities).length,
    {
      message: 'two identities share a number',
    },
  );

/** `plumb.lock.json` beside the program. */
export function lockPathOf(program: string): string {
  return join(dirname(program), 'plumb.lock.json');
}

/** The directory may be somebody else's, whom a link would let choose what root reads, or a pipe keep it waiting. */
const ITSELF = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * An absent file is an empty lock.
 * @throws PlumbError PLB_LOCK_FILE when it cannot be understood, or is a link or no ordinary file.
 */
export async function readLock(path: string): Promise<IdentityLock> {
  let text: string;
  try {
    text = await textOf(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return EMPTY_LOCK;
    throw lockError(path, code === 'ELOOP' ? new Error('it is a link', { cause: error }) : error);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw lockError(path, error);
  }
}

async function textOf(path: string): Promise<string> {
  const file = await open(path, ITSELF);
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is no ordinary file');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Sorted, so that a change shows as the lines that it adds; never seen half-written. */
export async function writeLockFile(path: string, lock: IdentityLock): Promise<void> {
  const identities = Object.fromEntries(
    Object.entries(lock.identities).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const temporary = `${path}.${String(process.pid)}.tmp`;
  // The directory may be somebody else's, who could have a link there that leads to a file of ours.
  await rm(temporary, { force: true });
  await writeFile(temporary, `${JSON.stringify({ ...lock, identities }, null, 2)}\n`, {
    flag: 'wx',
  });
  await rename(temporary, path);
}

function lockError(path: string, cause: unknown): PlumbError {
  const message =
    cause instanceof z.ZodError
      ? cause.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
      : (cause as Error).message;
  return new PlumbError('PLB_LOCK_FILE', `${path}: ${message}`, {
    origin: { path: 'plumb.lock.json', file: path, line: 1 },
    hint: 'Restore it from version control: without it identities would get new numbers.',
    cause,
  });
}
