import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadProgram } from '../../src/loader/load-program.js';
import type { PlumbError } from '../../src/model/error.js';
import { HEAD, load, problem, problems, write } from './program.js';

const SECRET = 'many-bothans-died';
const LUKE = 12_345;

/** A file that only root may read, in a directory that everybody may search. */
function secret(name: string, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-secret-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  const path = join(directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** Whose program it is, and what that makes of the directory that it is in. */
const OWNERS: readonly (readonly [string, (directory: string) => void])[] = [
  ['root, and everybody may read it', (directory) => chmodSync(directory, 0o755)],
  ['root alone', (directory) => chmodSync(directory, 0o700)],
  ['somebody', (directory) => chownSync(directory, LUKE, LUKE)],
  [
    'somebody who called sudo',
    (directory) => {
      chmodSync(directory, 0o755);
      Object.assign(process.env, { SUDO_UID: String(LUKE), SUDO_GID: String(LUKE) });
      onTestFinished(() => {
        delete process.env['SUDO_UID'];
        delete process.env['SUDO_GID'];
      });
    },
  ],
];

function writeFor(own: (directory: string) => void, text: string, others = {}): string {
  const program = write(text, others);
  const directory = dirname(program);
  own(directory);
  const { uid, gid } = statSync(directory);
  for (const name of readdirSync(directory)) chownSync(join(directory, name), uid, gid);
  return program;
}

const textOf = (errors: readonly PlumbError[]): string =>
  errors.map(({ message, hint, detail }) => `${message}\n${hint}\n${detail ?? ''}`).join('\n');

describe.each(OWNERS)('a program of %s', (who, own) => {
  const isPrivate = who === 'root alone';

  test('is read, checked and run by processes without rights, that write nowhere', async () => {
    const program = writeFor(own, `${HEAD}import './pipe.js';\n`, { 'pipe.d.ts': 'export {};\n' });
    const pipe = join(dirname(program), 'pipe.js');
    execFileSync('mkfifo', ['--mode=666', pipe]);
    const loading = loadProgram(program);
    const seen = await compilers(program, 2);
    // Until this the bundler waits.
    writeFileSync(pipe, 'export {};\n');
    expect((await loading).document.nodes).toHaveLength(1);
    expect(seen.map(({ name }) => name)).toEqual(['node', 'esbuild']);
    for (const { status, mounts, network } of seen) {
      expect(`${status['Uid'] ?? '0'} ${status['Gid'] ?? '0'}`).not.toMatch(/\b0\b/);
      expect(status['NoNewPrivs']).toBe('1');
      // Of CAP_DAC_OVERRIDE there is no use but to read what is seen.
      const kept = isPrivate ? '0000000000000002' : '0000000000000000';
      for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapInh']) expect(status[set]).toBe(kept);
      const files = mounts.filter(({ at }) => !at.startsWith('/dev/'));
      expect(files.filter(({ options }) => !/^ro(,|$)/.test(options))).toEqual([]);
      expect(files.some(({ at }) => at === dirname(program))).toBe(isPrivate);
      expect(['', readlinkSync('/proc/self/ns/net')]).not.toContain(network);
    }
    expect(await compilers(program, 0)).toEqual([]);
  });

  test('does not get what only root may read into its bundle', async () => {
    const files = ['plans.json', 'plans.txt', 'plans.js'].map((name) =>
      secret(name, `"${SECRET}"`),
    );
    const imports = [...files, './linked.txt'];
    const program = writeFor(
      own,
      `// @ts-nocheck
${HEAD}${imports.map((file, i) => `import * as plans${i} from '${file}';\n`).join('')}
throw new Error(JSON.stringify([${imports.map((_, i) => `plans${i}`).join()}]));
`,
    );
    symlinkSync(secret('linked.txt', SECRET), join(dirname(program), 'linked.txt'));
    const errors = await problems(loadProgram(program));
    expect(errors.map(({ code }) => code)).toEqual(imports.map(() => 'PLB_BUNDLE'));
    expect(textOf(errors)).not.toContain(SECRET);
  });
});

test.each(OWNERS.slice(0, 2))(
  'the type check of a program of %s is shown nothing that only root may read',
  async (_who, own) => {
    const wrong = `const plans: number = '${SECRET}';\nexport { plans };\n`;
    const base = secret('tsconfig.json', `{ "compilerOptions": { "module": "${SECRET}" } }`);
    const referred = secret('plans.ts', wrong);
    const imported = secret('more.ts', wrong);
    const config = JSON.stringify({ extends: base, compilerOptions: { strict: true } });
    const text = `/// <reference path="${referred}" />\n${HEAD}import '${imported.replace('.ts', '.js')}';\n`;
    const errors = await problems(loadProgram(writeFor(own, text, { 'tsconfig.json': config })));
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['PLB_TYPE']));
    const said = textOf(errors);
    expect(said).not.toContain(SECRET);
    for (const path of [base, referred, imported.replace('.ts', '.js')])
      expect(said).toContain(path);
  },
);

test('a plug-in that tsconfig.json names is not run', async () => {
  const written = join(tmpdir(), `plumb-plugin-${String(process.pid)}`);
  const options = {
    module: 'nodenext',
    strict: true,
    types: [],
    plugins: [{ name: './plugin.js' }],
  };
  await load(HEAD, {
    'tsconfig.json': JSON.stringify({ compilerOptions: options }),
    'plugin.js': `require('node:fs').writeFileSync(${JSON.stringify(written)}, '');\n`,
  });
  expect(existsSync(written)).toBe(false);
});

describe('a program whose', () => {
  test('types never end is given up when its time is over', async () => {
    const types = `type Twice<T> = T extends [infer A] ? [Twice2<A>, Twice2<A>] : T;
type Twice2<T> = T extends string ? T | \`\${T}a\` | \`\${T}b\` : never;
type Grow<T extends string, N extends unknown[]> = N['length'] extends 12 ? T : Grow<Twice2<T>, [...N, 0]>;
`;
    const uses = Array.from(
      { length: 300 },
      (_, i) => `const a${String(i)}: Grow<'x${String(i)}', []> = '';\nvoid a${String(i)};\n`,
    );
    const error = await problem(
      load(`${HEAD}${types}${uses.join('')}`, {}, { compileTimeoutMs: 2500 }),
    );
    expect(error).toMatchObject({ code: 'PLB_PROGRAM_TIMEOUT', origin: { file: 'plumb.ts' } });
    expect(error.message).toContain('type check');
    expect(error.hint).toContain('types that grow');
  });

  test('type check needs too much memory is given up', async () => {
    const error = await problem(load(HEAD, {}, { compileMemoryMiB: 32 }));
    expect(error).toMatchObject({ code: 'PLB_PROGRAM', origin: { file: 'plumb.ts' } });
    expect(`${error.message} ${error.hint}`).toMatch(/type check .*ended.* has 32 MiB/);
  });

  test('bundling needs too much memory is given up, and told so', async () => {
    const program = write(`${HEAD}import text from './huge.txt';\nvoid text;\n`, {
      'huge.txt': '',
      'types.d.ts': "declare module '*.txt' { const text: string; export default text; }\n",
      'tsconfig.json': '{ "compilerOptions": { "module": "nodenext", "types": ["./types.d.ts"] } }',
    });
    // Holes: it takes no space on the disk.
    truncateSync(join(dirname(program), 'huge.txt'), 2 ** 36);
    const error = await problem(loadProgram(program, { compileMemoryMiB: 256 }));
    expect(error).toMatchObject({ code: 'PLB_PROGRAM', origin: { file: 'plumb.ts' } });
    expect(`${error.message} ${error.hint}`).toMatch(/bundler ended.* has 256 MiB/s);
  });
});

interface Seen {
  readonly name: string;
  readonly status: Readonly<Record<string, string>>;
  readonly mounts: readonly { readonly at: string; readonly options: string }[];
  readonly network: string;
}

/** The process that compiles a program and the bundler that it started, as soon as there are so many. */
async function compilers(program: string, count: number): Promise<Seen[]> {
  for (let waited = 0; waited < 20_000; waited += 50) {
    const found = compilersNow(program);
    if (found.length === count) return found;
    await sleep(50);
  }
  return compilersNow(program);
}

function compilersNow(program: string): Seen[] {
  const all = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid));
  const named = (name: string): string[] => all.filter((pid) => of(pid, 'comm') === `${name}\n`);
  const compilers = named('node').filter((pid) =>
    of(pid, 'cmdline').includes(`compiler.js\0${program}\0`),
  );
  const bundlers = named('esbuild').filter((pid) =>
    compilers.includes(statusOf(pid)['PPid'] ?? ''),
  );
  return [...compilers, ...bundlers].map((pid) => ({
    name: of(pid, 'comm').trim(),
    status: statusOf(pid),
    mounts: [...of(pid, 'mountinfo').matchAll(/^(?:\S+ ){4}(\S+) (\S+)/gm)].map(
      ([, at = '', options = '']) => ({ at, options }),
    ),
    network: of(pid, 'ns/net', readlinkSync),
  }));
}

/** What the kernel says of a process; nothing if it is gone. */
function of(
  pid: string,
  name: string,
  read = (path: string) => readFileSync(path, 'utf8'),
): string {
  try {
    return read(`/proc/${pid}/${name}`);
  } catch {
    return '';
  }
}

function statusOf(pid: string): Record<string, string> {
  return Object.fromEntries(
    [...of(pid, 'status').matchAll(/^(\w+):\s*(.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}
