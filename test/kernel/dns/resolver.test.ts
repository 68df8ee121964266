import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { V4, V6, type Network } from './network.js';
import { runProxy } from './setup.js';

/** Addresses that the C library finds for a name, with this as /etc/resolv.conf; none if it finds none. */
async function resolve({ client }: Network, conf: string, name: string): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'resolver-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, 'resolv.conf');
  writeFileSync(path, conf);
  const script = `mount --bind ${path} /etc/resolv.conf
    exec nsenter --net=${client.path} getent ahosts ${name}`;
  const args = ['--mount', '--propagation', 'private', 'sh', '-ec', script];
  try {
    const { stdout } = await promisify(execFile)('unshare', args);
    return [...new Set(stdout.split('\n').flatMap((line) => line.split(' ')[0] ?? []))]
      .filter(Boolean)
      .sort();
  } catch (error) {
    // 2: the name has no addresses
    if ((error as { code?: unknown }).code === 2) return [];
    throw error;
  }
}

test.each([V4, V6])('the C library gets both families from $server', async ({ server }) => {
  const running = await runProxy();
  const conf = `nameserver ${server}\noptions timeout:2 attempts:1\n`;
  expect(await resolve(running.network, conf, 'a.empire.test')).toEqual(['10.97.9.1', 'fd97:9::1']);
  expect(running.records.map(({ type }) => type).sort()).toEqual(['A', 'AAAA']);
  expect(await resolve(running.network, conf, 'hoth.alliance.test')).toEqual([]);
});

test('the C library finds a name although names of its search list are refused', async () => {
  const running = await runProxy();
  const conf = `nameserver ${V4.server}\nsearch svc.local\noptions ndots:5 timeout:2 attempts:1\n`;
  expect(await resolve(running.network, conf, 'a.empire.test')).toHaveLength(2);
  expect(running.records.map(({ name, rcode }) => `${String(name)} ${String(rcode)}`)).toEqual([
    ...['a.empire.test.svc.local REFUSED', 'a.empire.test.svc.local REFUSED'],
    ...['a.empire.test NOERROR', 'a.empire.test NOERROR'],
  ]);
});
