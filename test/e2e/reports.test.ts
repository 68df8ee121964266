import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT, run, STAR_WARS, type Result } from './node.js';

describe('what is asked of programs in a repository', () => {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-reports-'));
  const path = join(directory, 'plumb.ts');
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      cwd: directory,
      encoding: 'utf8',
    });
  const plumb = (...args: string[]): Promise<Result> =>
    run('env', [`--chdir=${directory}`, join(CHECKOUT, 'bin/plumb'), ...args]);

  beforeAll(() => {
    git('init', '-q');
    writeFileSync(path, readFileSync(STAR_WARS));
    git('add', '.');
    git('commit', '-qm', 'one');
    writeFileSync(path, readFileSync(STAR_WARS, 'utf8').replace("'80'", "'8080'"));
    git('commit', '-qam', 'two');
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it('diff compares two revisions, with the lines that open and close', async () => {
    const result = await plumb('diff', 'git:HEAD~1:plumb.ts', 'git:HEAD:plumb.ts');
    expect(result.stderr).toBe('');
    expect(result.stdout).toMatch(/\+ .*8080\/TCP +plumb\.ts:\d+/s);
    expect(result.stdout).toMatch(/- .*80\/TCP +plumb\.ts:\d+ no longer allows it/s);
    expect(result.code).toBe(2);
    expect((await plumb('diff', 'git:HEAD:plumb.ts', 'plumb.ts')).code).toBe(0);
  });

  it.each(['git:nowhere:plumb.ts', 'git:HEAD:other.ts', 'git:--output=x:plumb.ts'])(
    'diff refuses %s',
    async (spec) => {
      const result = await plumb('diff', spec, 'plumb.ts');
      expect(result.stderr).toContain('PLB_GIT');
      expect(result.code).toBe(1);
    },
  );

  it('plan in Markdown shows the text of the line, and its files are for their owner alone', async () => {
    const [page, out] = [join(directory, 'plan.html'), join(directory, 'plan.json')];
    const files = ['--html', page, '--out', out];
    const result = await plumb('plan', '--state', 'empty', '--markdown', ...files);
    expect(result.stderr).toBe('');
    expect(result.stdout).toContain("| { fromEndpoints: [{ matchLabels: { org: 'empire' } }]");
    for (const file of [page, out]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(page, 'utf8')).toContain('<svg');
  });

  it('matrix draws a picture', async () => {
    const picture = join(directory, 'matrix.svg');
    const result = await plumb('matrix', 'plumb.ts', '--svg', picture);
    expect(result.code).toBe(0);
    expect(readFileSync(picture, 'utf8')).toMatch(/^<svg[^]*8080\/TCP[^]*<\/svg>\s*$/);
  });

  it('plan --strict fails for a lint that warns, unless it is silenced', async () => {
    const program = readFileSync(path, 'utf8');
    const wide = `${program.replace('NetworkPolicy,', 'Lint, NetworkPolicy,')}
const wide = new NetworkPolicy(app, 'wide', {
  endpointSelector: { matchLabels: { class: 'xwing' } },
  ingress: [{ toPorts: [{ ports: [{ port: '22', protocol: 'TCP' }] }] }],
});
`;
    const plan = (text: string): Promise<Result> => {
      writeFileSync(path, text);
      return plumb('plan', '--state', 'empty', '--strict');
    };
    const failed = await plan(`${wide}void [wide, Lint];\n`);
    const silenced = await plan(`${wide}Lint.ignore(wide, 'PLL_ANY_PEER', 'a jump host');\n`);
    writeFileSync(path, program);
    expect(failed.stdout).toContain('warning PLL_ANY_PEER');
    expect(failed.stderr).toContain('PLB_LINT');
    expect(failed.code).toBe(1);
    expect(silenced.stdout).toContain('1 lint silenced');
    expect(silenced.code).toBe(0);
  });

  it('verdict asks about the connection of an event', async () => {
    const event = JSON.stringify({
      protocol: 'TCP',
      source: { address: '10.1.0.31', port: 4000 },
      destination: { address: '10.1.0.11', port: 8080 },
    });
    const result = await plumb('verdict', '--program', 'plumb.ts', '--event', event);
    expect(result.stdout).toContain('denied  xwing');
    expect((await plumb('verdict', '--program', 'plumb.ts')).stderr).toContain('PLB_QUESTION');
  });
});
