import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { run } from './node.js';

/** Somebody without any right, whom no package of Debian is. */
const SOMEBODY = ['--reuid=12345', '--regid=12345', '--clear-groups', '--inh-caps=-all'];

const program = (port: number): string => `// @ts-nocheck
import { App, Node } from 'plumbline';
import { connect } from 'node:net';
new Node(new App(), 'hoth', { podCIDRs: ['10.1.0.0/24'] });
await new Promise((done, failed) => {
  connect(${String(port)}, '127.0.0.1', done).on('error', failed);
});
`;

it.each([
  ['root', []],
  ['somebody without privileges', SOMEBODY],
])('a program that %s runs has no network', async (_who, as) => {
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
  const bare = ['env', '-u', 'HOME', '-u', 'SHELL', 'bin/plumb'];
  const result = await run('setpriv', [...as, ...bare, 'plan', path, '--state', 'empty']);
  expect(visits).toBe(0);
  expect(result.stderr).toContain('PLB_PROGRAM');
  expect(result.stderr).toContain('ENETUNREACH');
  expect(result.code).toBe(1);
});
