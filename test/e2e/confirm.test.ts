import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT, TestNode } from './node.js';
import { ProgramCopy } from './program.js';

/** Runs `bin/plumb` on a terminal of its own (script(1)), with an answer to its question or none. */
function onTerminal(node: TestNode, args: readonly string[], answer?: string): Promise<string> {
  const command = ['bin/plumb', ...args, '--netns', node.netns, '--root', node.root].join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: CHECKOUT });
  let text = '';
  return new Promise((done) => {
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (answer !== undefined && text.includes('Keep it?')) child.stdin.write(`${answer}\n`);
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

  it('needs a terminal, and changes nothing without one', async () => {
    const result = await node.plumb(...args('5s'));
    expect(result.stderr).toContain('PLB_CONFIRM');
    expect((await node.plumb('show')).stdout).toContain('nothing of ours');
  });

  it('undoes everything when nobody confirms in time', async () => {
    const text = await onTerminal(node, args('1s'));
    expect(text).toContain('not confirmed: everything is as it was before');
    expect((await node.plumb('show')).stdout).toContain('nothing of ours');
  });

  it('keeps what is confirmed', async () => {
    await onTerminal(node, args('30s'), 'yes');
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(0);
  });

  it('goes back when a plan file is not confirmed, too', async () => {
    program.replace("'80'", "'8080'");
    const file = `${program.directory}/plan.json`;
    await node.plumb('plan', program.path, '--out', file);
    const text = await onTerminal(node, ['apply', file, '--yes', '--confirm-within', '1s']);
    expect(text).toContain('not confirmed');
    program.reset();
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(0);
  });

  it('goes back to the policy before, not to nothing, when a change is not confirmed', async () => {
    program.replace("'80'", "'8080'");
    const text = await onTerminal(node, args('1s'));
    expect(text).toContain('not confirmed');
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(2);
    program.reset();
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(0);
  });
});
