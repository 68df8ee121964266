import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { run, SOMEBODY, type Result } from './node.js';

const program = (port: number): string => `// @ts-nocheck
import { App, Node } from 'plumbline';
import { connect } from 'node:net';
new Node(new App(), 'hoth', { podCIDRs: ['10.1.0.0/24'] });
await new Promise((done, failed) => {
  connect(${String(port)}, '127.0.0.1', done).on('error', failed);
});
`;

/** Makes a user namespace that is allowed no network namespace, then becomes `user` in there. */
const confined = (user: number): string[] => [
  ...['unshare', '--user', '--map-root-user', 'sh', '-c'],
  'echo 0 >/proc/sys/user/max_net_namespaces; exec unshare --user --map-user=$0 --map-group=$0 "$@"',
  String(user),
];

it.each([
  ['root', []],
  ['somebody without privileges', ['setpriv', ...SOMEBODY]],
])('a program that %s runs has no network', async (_who, as) => {
  const { result, visits } = await planOf(as);
  expect(visits).toBe(0);
  expect(result.stderr).toContain('PLB_PROGRAM');
  expect(result.stderr).toContain('ENETUNREACH');
  expect(result.code).toBe(1);
});

it.each([
  ['root', 0, 'root make network namespaces'],
  ['somebody', 1000, 'users make user namespaces'],
])('is not run where the network cannot be taken from it by %s', async (_who, user, hint) => {
  const { result, visits } = await planOf(confined(user));
  expect(visits).toBe(0);
  expect(result.stderr).toContain('PLB_SANDBOX');
  expect(result.stderr).toContain(hint);
  expect(result.code).toBe(1);
});

it('is run with the network there when somebody says so, and never as root', async () => {
  const allowed = { PLUMB_ALLOW_NETWORK: '1' };
  const somebody = await planOf(confined(1000), allowed);
  expect(somebody).toMatchObject({ visits: 1, result: { code: 0 } });
  const root = await planOf(confined(0), allowed);
  expect(root).toMatchObject({ visits: 0, result: { code: 1 } });
  expect(root.result.stderr).toContain('PLB_SANDBOX');
});

/** Plans, behind `as`, a program that looks for a server of this test. */
async function planOf(
  as: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ readonly result: Result; readonly visits: number }> {
  let visits = 0;
  const server = createServer((socket) => {
    visits++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const directory = mkdtempSync(join(tmpdir(), 'plumb-isolation-'));
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  chmodSync(directory, 0o755);
  const path = join(directory, 'plumb.ts');
  writeFileSync(path, program((server.address() as AddressInfo).port));
  // Somebody may have no account, and nothing in the environment that says where it would be.
  const plumb = ['-u', 'HOME', '-u', 'SHELL', 'bin/plumb', 'plan', path, '--state', 'empty'];
  const [command = '', ...args] = [...as, 'env', ...plumb];
  const result = await run(command, args, { ...process.env, ...environment });
  return { result, visits };
}
