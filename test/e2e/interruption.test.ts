import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CHECKOUT, namesIn, TestNode } from './node.js';
import { ProgramCopy } from './program.js';

const PATIENCE = { timeout: 30_000, interval: 2 };

describe.sequential('a command that is stopped half-way', () => {
  let node: TestNode;
  let program: ProgramCopy;
  /** A plan of the first apply: every test begins with nothing. */
  let plan: string;
  let errors: string;
  const started: ChildProcess[] = [];

  beforeAll(async () => {
    node = new TestNode('plumb-e2e-int');
    program = new ProgramCopy();
    plan = join(program.directory, 'plan.json');
    errors = join(program.directory, 'errors.txt');
    await node.plumb('plan', program.path, '--out', plan);
  });
  afterEach(async () => {
    for (const child of started) child.kill('SIGKILL');
    await node.plumb('confirm');
    await node.plumb('destroy', '--yes');
  });
  afterAll(async () => {
    await node.dispose();
    program.dispose();
  });

  const file = (name: string): string => join(node.root, 'run', node.netns, name);
  const nothingOfOurs = async (): Promise<void> => {
    expect((await node.plumb('show')).stdout).toContain('nothing of ours');
    expect(existsSync(join(node.root, 'run'))).toBe(false);
  };
  const pins = (): number => {
    const maps = node.pin('maps');
    return namesIn(maps).length;
  };

  function start(...args: readonly string[]): {
    child: ChildProcess;
    code: Promise<number | null>;
  } {
    const command = [...args, '--netns', node.netns, '--root', node.root];
    const child = spawn('bin/plumb', command, { cwd: CHECKOUT, stdio: 'ignore' });
    started.push(child);
    return { child, code: new Promise((done) => child.on('close', done)) };
  }

  /** On a terminal of its own (script(1)), which is lost when the child is killed; errors go to a file. */
  function startOnTerminal(...args: readonly string[]): ChildProcess {
    const command = ['exec bin/plumb', ...args, '--netns', node.netns, '--root', node.root];
    const line = `${command.join(' ')} 2>${errors}`;
    const child = spawn('script', ['-qec', line, '/dev/null'], { cwd: CHECKOUT });
    started.push(child);
    return child;
  }

  it('by the loss of its terminal undoes what it did, and says so', async () => {
    const terminal = startOnTerminal('apply', plan, '--yes');
    await vi.waitFor(() => expect(pins()).toBeGreaterThan(3), PATIENCE);
    terminal.kill('SIGKILL');
    await vi.waitFor(
      () => expect(readFileSync(errors, 'utf8')).toContain('PLB_INTERRUPTED'),
      PATIENCE,
    );
    expect(readFileSync(errors, 'utf8')).toContain('interrupted: what was done is being undone');
    await nothingOfOurs();
  });

  it('by the loss of its terminal at the question undoes everything at once', async () => {
    const terminal = startOnTerminal('apply', plan, '--yes', '--confirm-within', '60s');
    await vi.waitFor(() => expect(readFileSync(errors, 'utf8')).toContain('Keep it?'), PATIENCE);
    expect(pins()).toBeGreaterThan(3);
    terminal.kill('SIGKILL');
    await vi.waitFor(() => expect(existsSync(join(node.root, 'run'))).toBe(false), PATIENCE);
    await nothingOfOurs();
  });

  // Whether the kill comes before all is undone is up to the machine.
  it('while it undoes is taken over from by whoever is told to undo', { retry: 4 }, async () => {
    await node.plumb('apply', plan, '--yes', '--confirm-within', '1s');
    const { watcher } = JSON.parse(readFileSync(file('unconfirmed.json'), 'utf8')) as {
      watcher: { pid: number };
    };
    const all = pins();
    await vi.waitFor(() => expect(pins()).toBeLessThan(all), PATIENCE);
    process.kill(watcher.pid, 'SIGKILL');
    expect(existsSync(file('unconfirmed.lock'))).toBe(true);
    expect((await node.plumb('rollback', '--yes')).stderr).toContain('PLB_UNCONFIRMED');
    const undone = await node.plumb('confirm', '--undo');
    expect(undone.stderr).toBe('');
    expect(undone.stdout).toContain('everything is as it was before');
    await nothingOfOurs();
  });

  it('leaves everything running when it was to remove it', async () => {
    await node.plumb('apply', plan, '--yes', '--quiet');
    const before = (await node.plumb('show', '--json')).stdout;
    const { child, code } = start('destroy', '--yes');
    await vi.waitFor(() => expect(existsSync(file('lock'))).toBe(true), PATIENCE);
    child.kill('SIGTERM');
    expect(await code).toBe(130);
    expect((await node.plumb('show', '--json')).stdout).toBe(before);
    const silent = { code: 0, stdout: '', stderr: '' };
    expect(await node.plumb('destroy', '--yes', '--quiet')).toEqual(silent);
    await nothingOfOurs();
  });
});
