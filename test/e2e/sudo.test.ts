import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
} from 'node:fs';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHECKOUT, run, TestNode, type Result } from './node.js';

const LUKE = 54_321;
const PLUMB = join(CHECKOUT, 'bin/plumb');

const program = `// @ts-nocheck
import { App, Node } from 'plumbline';
import { connect } from 'node:net';
import { writeFileSync } from 'node:fs';
import ships from './ships.json' with { type: 'json' };
const failure = (run) => new Promise((_, failed) => run(failed)).catch(({ code }) => code);
console.error(JSON.stringify({
  who: [process.getuid(), process.getgid(), ...process.getgroups()],
  network: await failure((failed) => connect(9, '127.0.0.1').on('error', failed)),
  writing: await failure(() => writeFileSync(HERE + '/written', '')),
  environment: process.env,
  ships,
}));
new Node(new App(), 'hoth', { podCIDRs: ['10.1.0.0/24'] });
`;

/** Luke's, which nobody else may enter. */
let home: string;
let node: TestNode;

// Accounts and rules of sudo are put over those of the machine in this file's own view of it, which ends with it.
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'plumb-sudo-'));
  const etc = mkdtempSync(join(tmpdir(), 'plumb-sudo-etc-'));
  chmodSync(etc, 0o755);
  copyFileSync('/etc/passwd', join(etc, 'passwd'));
  appendFileSync(
    join(etc, 'passwd'),
    `plumb-luke:*:${String(LUKE)}:${String(LUKE)}::${home}:/bin/sh\n`,
  );
  execFileSync('mount', ['--bind', join(etc, 'passwd'), '/etc/passwd']);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/etc/sudoers.d']);
  const path = [dirname(process.execPath), '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':');
  writeFileSync(
    '/etc/sudoers.d/plumb',
    `Defaults:plumb-luke secure_path="${path}"\nplumb-luke ALL=(root) NOPASSWD: ${PLUMB}\n`,
    { mode: 0o440 },
  );
  rmSync(etc, { recursive: true });
  writeFileSync(join(home, 'plumb.ts'), program.replace('HERE', JSON.stringify(home)));
  writeFileSync(join(home, 'ships.json'), '["xwing"]', { mode: 0o600 });
  for (const name of [...readdirSync(home), '.']) chownSync(join(home, name), LUKE, LUKE);
  node = new TestNode('plumb-e2e-sudo');
});

afterAll(async () => {
  await node.dispose();
  await node.release();
  rmSync(home, { recursive: true, force: true });
  execFileSync('umount', ['/etc/passwd', '/etc/sudoers.d']);
});

it('a program is checked and run as who calls sudo, without network, and writes nothing', async () => {
  const result = await sudo('plan', join(home, 'plumb.ts'), '--state', 'empty');
  expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('hoth') });
  expect(JSON.parse(result.stderr)).toEqual({
    who: [LUKE, LUKE, LUKE],
    network: 'ENETUNREACH',
    writing: 'ERR_ACCESS_DENIED',
    environment: {},
    ships: ['xwing'],
  });
  expect(readdirSync(home).sort()).toEqual(['plumb.ts', 'ships.json']);
});

it('a program of somebody else that who calls sudo may not read is not read', async () => {
  const directory = join(home, 'vader');
  mkdirSync(directory);
  writeFileSync(join(directory, 'plumb.ts'), 'the plans', { mode: 0o600 });
  const { code, stdout, stderr } = await sudo(
    'plan',
    join(directory, 'plumb.ts'),
    '--state',
    'empty',
  );
  rmSync(directory, { recursive: true });
  expect(code).toBe(1);
  expect(stderr).toContain('PLB_PROGRAM_UNREADABLE');
  expect(stderr).toContain(`user ${String(LUKE)}`);
  expect(stdout + stderr).not.toContain('the plans');
});

it('what is applied by sudo leaves files of root that nobody else may read', async () => {
  const applied = await sudo(
    ...['apply', join(home, 'plumb.ts'), '--yes', '--netns', node.netns, '--root', node.root],
  );
  expect(applied).toMatchObject({ code: 0 });
  const directory = join(node.root, 'run', node.netns);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => [name, statSync(join(directory, name))] as const)
    .filter(([, found]) => !found.isDirectory());
  expect(files).not.toEqual([]);
  for (const [name, { uid, gid, mode }] of files) {
    expect([name, uid, gid, (mode & 0o777).toString(8)]).toEqual([name, 0, 0, '600']);
  }
});

/** plumb by sudo, as Luke's shell would run it. */
function sudo(...args: readonly string[]): Promise<Result> {
  const luke = [
    `--reuid=${String(LUKE)}`,
    `--regid=${String(LUKE)}`,
    '--clear-groups',
    '--inh-caps=-all',
  ];
  return run('setpriv', [...luke, 'sudo', '--non-interactive', PLUMB, ...args]);
}
