import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CHECKOUT, namesIn, TestNode } from './node.js';
import { ProgramCopy } from './program.js';

/** Runs `bin/plumb` on a terminal of its own (script(1)), with an answer to its question or none. */
function onTerminal(node: TestNode, args: readonly string[], answer?: string): Promise<string> {
  const command = ['bin/plumb', ...args, '--netns', node.netns, '--root', node.root].join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: CHECKOUT });
  let text = '';
  let isAnswered = false;
  return new Promise((done) => {
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (answer === undefined || isAnswered || !text.includes('Keep it?')) return;
      isAnswered = true;
      child.stdin.write(`${answer}\n`);
    });
    child.on('close', () => {
      done(text);
    });
  });
}

describe.sequential('apply --confirm-within', () => {
  let node: TestNode;
  let program: ProgramCopy;

  beforeAll(() => {
    node = new TestNode('plumb-e2e-cfm');
    program = new ProgramCopy();
  });
  afterAll(async () => {
    await node.dispose();
    program.dispose();
  });

  const args = (time: string): string[] => [
    ...['apply', program.path, '--yes', '--confirm-within', time],
  ];

  it('undoes everything when nobody confirms in time', async () => {
    const text = await onTerminal(node, args('1s'));
    expect(text).toContain('not confirmed: everything is as it was before');
    expect((await node.plumb('show')).stdout).toContain('nothing of ours');
  });

  it('keeps what is confirmed', async () => {
    await onTerminal(node, args('30s'), 'yes');
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(0);
  });

  it('goes back to the policy before, not to nothing, when a plan file is not confirmed', async () => {
    program.replace("'80'", "'8080'");
    const file = `${program.directory}/plan.json`;
    await node.plumb('plan', program.path, '--out', file);
    const text = await onTerminal(node, ['apply', file, '--yes', '--confirm-within', '1s']);
    expect(text).toContain('not confirmed');
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(2);
    program.reset();
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(0);
  });

  const unconfirmed = (): string => join(node.root, 'run', node.netns, 'unconfirmed.json');
  const settled = async (): Promise<void> => {
    await vi.waitFor(() => expect(existsSync(unconfirmed())).toBe(false), { timeout: 20_000 });
  };

  it('is confirmed from elsewhere where there is no terminal, and keeps others off until then', async () => {
    program.replace("'80'", "'8080'");
    const result = await node.plumb(...args('60s'));
    expect(result.stdout).toContain('unless plumb confirm is said');
    expect(result.code).toBe(0);
    expect(statSync(unconfirmed()).mode & 0o777).toBe(0o600);
    expect((await node.plumb('destroy', '--yes')).stderr).toContain('PLB_UNCONFIRMED');
    expect((await node.plumb('confirm')).stdout).toContain('confirmed: it stays');
    expect((await node.plumb('confirm')).stderr).toContain('PLB_NOTHING_TO_CONFIRM');
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(0);
  });

  it('is undone even when whoever applied it is killed', async () => {
    program.reset();
    const child = spawn('bin/plumb', [...args('60s'), '--netns', node.netns, '--root', node.root], {
      cwd: CHECKOUT,
      stdio: 'ignore',
    });
    const ended = new Promise((done) => child.on('close', done));
    await vi.waitFor(() => expect(readFileSync(unconfirmed(), 'utf8')).toContain('watcher'), {
      timeout: 20_000,
      interval: 2,
    });
    child.kill('SIGKILL');
    await ended;
    await settled();
    program.replace("'80'", "'8080'");
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(0);
  });

  it('tells when nobody is left to undo it, and is undone by hand', async () => {
    program.reset();
    await node.plumb(...args('60s'));
    const { watcher } = JSON.parse(readFileSync(unconfirmed(), 'utf8')) as {
      watcher: { pid: number };
    };
    // Warnings are broken into lines.
    const warned = async (): Promise<string> =>
      (await node.plumb('plan', program.path)).stderr.replace(/[\s›]+/g, ' ');
    expect(await warned()).toContain('is not confirmed; it is undone at');
    process.kill(watcher.pid, 'SIGKILL');
    expect(await warned()).toContain('nobody will undo it by itself');
    expect((await node.plumb('confirm', '--undo')).stdout).toContain('as it was before');
    program.replace("'80'", "'8080'");
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(0);
  });

  it('that is interrupted undoes what it did, says so, and exits with 130', async () => {
    await node.plumb('destroy', '--yes');
    const result = await new Promise<{ code: number | null; stderr: string }>((done) => {
      const command = [...args('60s'), '--netns', node.netns, '--root', node.root];
      const child = spawn('bin/plumb', command, { cwd: CHECKOUT });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      const maps = join(node.root, 'bpf', node.netns, 'maps');
      const timer = setInterval(() => {
        if (namesIn(maps).length > 3) child.kill('SIGINT');
      }, 2);
      child.on('close', (code) => {
        clearInterval(timer);
        done({ code, stderr });
      });
    });
    expect(result.stderr).toContain('interrupted: what was done is being undone');
    expect(result.code).toBe(130);
    expect(existsSync(unconfirmed())).toBe(false);
    expect((await node.plumb('show')).stdout).toContain('nothing of ours');
  });

  it('is quiet when it is told to be', async () => {
    const result = await node.plumb('apply', program.path, '--yes', '--quiet');
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('leaves a record by which a plan shows drift alone, whatever the program says by now', async () => {
    program.reset();
    const clean = await node.plumb('plan', '--refresh-only', '--detailed-exitcode');
    expect(clean.code).toBe(0);
    node.ip('link', 'set', 'plumb0', 'mtu', '1400');
    const drifted = await node.plumb('plan', '--refresh-only', '--detailed-exitcode');
    expect(drifted.stdout).toMatch(/~ link plumb0/);
    expect(drifted.stdout).not.toContain('8080');
    expect(drifted.code).toBe(2);
  });
});
