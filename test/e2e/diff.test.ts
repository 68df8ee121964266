import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT, runUnprivileged as plumb, STAR_WARS } from './node.js';
import { ProgramCopy } from './program.js';

describe('diff', () => {
  let program: ProgramCopy;
  let old: string;
  let next: string;

  beforeAll(() => {
    program = new ProgramCopy();
    program.replace("'80'", "'8080'");
    old = join(program.directory, 'old.json');
    next = join(program.directory, 'next.json');
    for (const [path, file] of [
      [STAR_WARS, old],
      [program.path, next],
    ] as const) {
      writeFileSync(file, execFileSync('bin/plumb', ['synth', path, '--json'], { cwd: CHECKOUT }));
    }
  });
  afterAll(() => {
    program.dispose();
  });

  it('finds nothing between a program and itself, or its state', async () => {
    for (const [a, b] of [
      [STAR_WARS, STAR_WARS],
      [STAR_WARS, old],
      [old, STAR_WARS],
      [old, old],
    ] as const) {
      const result = await plumb('diff', a, b);
      expect(result.stderr).toBe('');
      expect(result.stdout).toContain('nothing to change');
      expect(result.code).toBe(0);
    }
  });

  it('shows the same steps and ports for programs and states in any mix, and exits with 2', async () => {
    const keys = new Set<string>();
    for (const [a, b] of [
      [STAR_WARS, program.path],
      [STAR_WARS, next],
      [old, program.path],
      [old, next],
    ] as const) {
      const result = await plumb('diff', a, b, '--json');
      expect(result.code).toBe(2);
      const { steps, verdicts } = JSON.parse(result.stdout) as {
        steps: { action: string; key: string }[];
        verdicts: Record<'allowed' | 'denied', { what: string }[]>;
      };
      keys.add(steps.map(({ action, key }) => `${action} ${key}`).join('\n'));
      expect(verdicts.allowed.map(({ what }) => what)).toEqual(['8080/TCP']);
      expect(verdicts.denied.map(({ what }) => what)).toEqual(['80/TCP']);
    }
    expect(keys.size).toBe(1);
  });

  it('names the line that no longer allows, when the program before is known', async () => {
    const result = await plumb('diff', STAR_WARS, program.path);
    expect(result.stdout).toMatch(/80\/TCP .*plumb\.ts:\d+ no longer allows it/);
  });

  it('tells it as Markdown with the text of the lines before and after', async () => {
    const { stdout } = await plumb('diff', STAR_WARS, program.path, '--markdown');
    const [closes = '', opens = ''] = stdout.split('**Opens**');
    expect(closes).toMatch(/^ {2}plumb\.ts:\d+ \| .*'80'/m);
    expect(opens).toMatch(/^ {2}plumb\.ts:\d+ \| .*'8080'/m);
  });

  it('writes a page too, for its owner only', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'plumb-diff-'));
    try {
      chmodSync(directory, 0o777);
      const page = join(directory, 'diff.html');
      const { stderr } = await plumb('diff', old, program.path, '--html', page);
      expect(stderr).toBe('');
      expect(readFileSync(page, 'utf8')).toContain('8080/TCP');
      expect(statSync(page).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('exits with 1 for a file that is no state', async () => {
    const result = await plumb('diff', STAR_WARS, join(CHECKOUT, 'package.json'));
    expect(result.stderr).toContain('PLB_STATE_FILE');
    expect(result.code).toBe(1);
  });
});
