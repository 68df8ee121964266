import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { HEAD, load, output, problem } from './program.js';

/** For programs that look about them: the types of Node.js are not theirs. */
const NODE = `${HEAD}declare const process: {
  getuid(): number; getgid(): number; getgroups(): number[]; cwd(): string;
  env: Record<string, string>; exit(code: number): never; kill(pid: number, signal: string): void;
  pid: number; argv: string[];
};
declare const console: { log(...values: unknown[]): void; error(...values: unknown[]): void };
declare const setTimeout: (run: () => void, ms: number) => unknown;
`;

describe('a program', () => {
  test('is nobody, knows no environment, no arguments, and no directory', async () => {
    process.env['PLUMB_TEST_SECRET'] = 'the plans';
    const said = await output(`${NODE}
console.log(JSON.stringify([process.getuid(), process.getgid(), process.getgroups(),
  process.env, process.cwd(), process.argv.length]));
`);
    delete process.env['PLUMB_TEST_SECRET'];
    const nobody = process.getuid?.() === 0 ? 65_534 : process.getuid?.();
    const [uid, gid, groups, env, cwd] = JSON.parse(said) as unknown[];
    expect([uid, gid, env, cwd]).toEqual([nobody, nobody, {}, '/']);
    expect(groups).toEqual(nobody === 65_534 ? [65_534] : expect.anything());
  });

  test.each([
    ['read a file', "import { readFileSync } from 'node:fs';", "readFileSync('/etc/hostname');"],
    ['list a directory', "import { readdirSync } from 'node:fs';", "readdirSync('/');"],
    [
      'start a process',
      "import { execFileSync } from 'node:child_process';",
      "execFileSync('/bin/true');",
    ],
    ['fork itself', "import { fork } from 'node:child_process';", "fork('/dev/null');"],
    [
      'start a thread',
      "import { Worker } from 'node:worker_threads';",
      "new Worker('', { eval: true });",
    ],
  ])('may not %s', async (_what, imported, call) => {
    const error = await problem(load(`// @ts-nocheck\n${HEAD}${imported}\n${call}\n`));
    expect(error).toMatchObject({ code: 'PLB_PROGRAM', origin: { file: 'plumb.ts', line: 7 } });
    expect(error.message).toContain('restricted');
    expect(error.hint).toContain('import data as JSON');
  });

  test('may not write a file, not even where everybody may', async () => {
    const path = join(tmpdir(), `plumb-loader-written-${process.pid}`);
    const error = await problem(
      load(`// @ts-nocheck
${HEAD}import { writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(path)}, '');
`),
    );
    const written = existsSync(path);
    rmSync(path, { force: true });
    expect(written).toBe(false);
    expect(error).toMatchObject({ code: 'PLB_PROGRAM', origin: { line: 7 } });
  });

  test('reaches nobody over TCP, not even this machine', async () => {
    let visits = 0;
    const server = createServer((socket) => {
      visits++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const error = await problem(
      load(`// @ts-nocheck
${HEAD}import { connect } from 'node:net';
await new Promise((done, failed) => {
  connect(${String(port)}, '127.0.0.1', done).on('error', failed);
});
`),
    );
    server.close();
    expect(visits).toBe(0);
    expect(error).toMatchObject({ code: 'PLB_PROGRAM' });
    expect(error.message).toMatch(/ENETUNREACH|EADDRNOTAVAIL|ECONNREFUSED/);
    expect(error.hint).toContain('without network');
  });

  test('reaches nobody over UDP', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    let heard = 0;
    socket.on('message', () => heard++);
    const { port } = socket.address();
    const error = await problem(
      load(`// @ts-nocheck
${HEAD}import { createSocket } from 'node:dgram';
const socket = createSocket('udp4');
await new Promise((done, failed) => {
  socket.send('the plans', ${String(port)}, '127.0.0.1', (error) => (error ? failed(error) : done()));
});
`),
    );
    socket.close();
    expect(heard).toBe(0);
    expect(error.message).toContain('ENETUNREACH');
  });

  test.each([
    [
      'values',
      'const all: object[] = []; for (;;) all.push(Array.from({ length: 1e5 }, () => ({})));',
    ],
    ['buffers', 'const all: unknown[] = []; for (;;) all.push(new Uint8Array(5e7).fill(1));'],
  ])('that eats memory for %s is stopped', async (_what, code) => {
    const error = await problem(load(`${NODE}${code}\n`, {}, { memoryMiB: 96 }));
    expect(error).toMatchObject({ code: 'PLB_PROGRAM', origin: { file: 'plumb.ts' } });
    expect(`${error.message} ${error.hint}`).toMatch(/the program has 96 MiB|allocation failed/);
  });

  test('may write to both its outputs, and still gives its document', async () => {
    expect(await output(`${NODE}console.log('red five');\nconsole.error('standing by');\n`)).toBe(
      'red five\nstanding by\n',
    );
  });

  test.each([
    ['a loop', 'for (;;) ;'],
    ['a timer that never ends', 'setTimeout(() => {}, 1e9);'],
  ])('is ended when its time is over: %s', async (_what, code) => {
    const begin = performance.now();
    const error = await problem(
      load(`${NODE}${code}\n`, { 'package.json': '{ "type": "module" }' }, { timeoutMs: 300 }),
    );
    expect(error).toMatchObject({ code: 'PLB_PROGRAM_TIMEOUT', origin: { file: 'plumb.ts' } });
    expect(error.message).toContain('0.3 s');
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  test('is not held to a time in which this thread was busy with something else', async () => {
    const timeoutMs = 1500;
    const log = (): void => {
      const begin = performance.now();
      while (performance.now() - begin < timeoutMs + 100);
    };
    const { document } = await load(`${NODE}console.log('red five');\n`, {}, { timeoutMs, log });
    expect(document.nodes).toHaveLength(1);
  });

  test('is done when nothing is left to do, not when its last line has run', async () => {
    const { document } = await load(`${NODE}setTimeout(() => {
  new Endpoint(hoth, 'late', { labels: {}, address: '10.1.0.8' });
}, 50);
`);
    expect(document.endpoints).toMatchObject([{ name: 'late', origin: { line: 13 } }]);
  });

  test.each([
    ['leaves', 'process.exit(0);', 'left with 0'],
    ['waits for ever', 'await new Promise(() => {});', 'left with 13'],
    ['kills itself', "process.kill(process.pid, 'SIGKILL');", 'SIGKILL'],
  ])('that %s before its end is an error', async (_what, code, message) => {
    const error = await problem(
      load(`${NODE}${code}\n`, { 'package.json': '{ "type": "module" }' }),
    );
    expect(error).toMatchObject({ code: 'PLB_PROGRAM', origin: { file: 'plumb.ts' } });
    expect(error.message).toContain(message);
  });

  test('that speaks on the extra pipe itself is not believed', async () => {
    const loading = load(`// @ts-nocheck
${HEAD}import { writeSync } from 'node:fs';
writeSync(3, '{"document":{"version":1,"nodes":[],"endpoints":[],"policies":[],"services":[],"more":1}}');
process.exit(0);
`);
    expect(await problem(loading)).toMatchObject({ code: 'PLB_DOCUMENT' });
  });
});
