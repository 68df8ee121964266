import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlumbError } from '../model/error.js';

const run = promisify(execFile);

/** `git:REV:PATH`; a revision has no colon. */
const SPEC = /^git:([^:]+):(.+)$/;

/** Something to read that may have to be put somewhere first, and away again. */
export interface Checkout {
  readonly path: string;
  readonly dispose: () => Promise<void>;
}

/**
 * The file that `git:REV:PATH` names, with everything else of that revision, in a directory of its own; any
 * other path as it is. PATH is from the top of the repository around the working directory.
 * @throws PlumbError PLB_GIT
 */
export async function checkOut(spec: string): Promise<Checkout> {
  const [, revision = '', path = ''] = SPEC.exec(spec) ?? [];
  if (revision === '') return { path: spec, dispose: () => Promise.resolve() };
  const directory = await mkdtemp(join(tmpdir(), 'plumb-git-'));
  const dispose = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const top = await git('rev-parse', '--show-toplevel');
    const commit = await git('rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`);
    const tar = join(directory, 'tree.tar');
    await git('-C', top, 'archive', '--format=tar', `--output=${tar}`, commit);
    await run('tar', ['--extract', `--file=${tar}`, `--directory=${directory}`]);
    await rm(tar);
    const modules = join(top, 'node_modules');
    // What the program imports is not in the repository: today's is the best there is.
    if (existsSync(modules) && !existsSync(join(directory, 'node_modules'))) {
      await symlink(modules, join(directory, 'node_modules'));
    }
    if (existsSync(join(directory, path))) return { path: join(directory, path), dispose };
    throw new Error(`there is no ${path} at ${revision}`);
  } catch (cause) {
    await dispose();
    const said = (cause as { stderr?: string }).stderr?.trim() ?? '';
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new PlumbError('PLB_GIT', `${spec} cannot be read: ${said === '' ? words : said}`, {
      hint: 'Write git:REV:PATH inside a repository, PATH from its top: git:HEAD~1:plumb.ts.',
      cause,
    });
  }
}

async function git(...args: readonly string[]): Promise<string> {
  return (await run('git', args)).stdout.trim();
}
