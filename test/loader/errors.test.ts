import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadProgram } from '../../src/loader/load-program.js';
import { HEAD, load, problem, problems, write } from './program.js';

describe('a type error', () => {
  test('has its line, its column, the words of the compiler and the lines around it', async () => {
    const error = await problem(
      load(`${HEAD}
new Endpoint(hoth, 'xwing', {
  labels: { org: 'alliance' },
  address: 31,
});
`),
    );
    expect(error.code).toBe('PLB_TYPE');
    expect(error.origin).toEqual({ path: 'plumb.ts', file: 'plumb.ts', line: 8, column: 3 });
    expect(error.message).toMatch(/Type 'number' is not assignable to type 'string'.*\(TS2322\)/s);
    expect(error.detail).toBe(`   6 | new Endpoint(hoth, 'xwing', {
   7 |   labels: { org: 'alliance' },
>  8 |   address: 31,
     |   ^^^^^^^
   9 | });
  10 |`);
  });

  test('is one of all there are, each with the file that it is in', async () => {
    const errors = await problems(
      load(
        `${HEAD}import './more.js';\nconst a: string = 1;\nconst b: number = '';\nvoid [a, b];\n`,
        {
          'more.ts': 'export const c: boolean = 0;\n',
        },
      ),
    );
    expect(errors.map(({ code, origin }) => [code, origin?.file, origin?.line]).sort()).toEqual([
      ['PLB_TYPE', 'more.ts', 1],
      ['PLB_TYPE', 'plumb.ts', 6],
      ['PLB_TYPE', 'plumb.ts', 7],
    ]);
  });

  test.each([
    ['a misspelled property', "new NetworkPolicy(app, 'p', { endpointSelector: {}, ingres: [] });"],
    [
      'a rule of the other direction',
      "new NetworkPolicy(app, 'p', { endpointSelector: {}, ingress: [{ toEndpoints: [] }] });",
    ],
    [
      'an unknown entity',
      "new NetworkPolicy(app, 'p', { endpointSelector: {}, ingress: [{ fromEntities: ['moon'] }] });",
    ],
    ['an endpoint without address', "new Endpoint(hoth, 'e', { labels: {} });"],
    ['an unknown export', "import { Deathstar } from 'plumbline'; void Deathstar;"],
    ['a module that is not there', "import './alderaan.js';"],
    ['a syntax error', 'const = 1;'],
  ])('is what becomes of %s', async (_what, line) => {
    for (const error of await problems(load(`${HEAD}${line}\n`))) {
      expect(error).toMatchObject({ code: 'PLB_TYPE', origin: { file: 'plumb.ts', line: 5 } });
    }
  });

  test('wins over what the program throws', async () => {
    const error = await problem(load(`${HEAD}const a: string = 1;\nthrow new Error(a);\n`));
    expect(error.code).toBe('PLB_TYPE');
  });

  test('in tsconfig.json names that file', async () => {
    const config = '{ "compilerOptions": { "module": "nodenxt" } }';
    const [error] = await problems(load(HEAD, { 'tsconfig.json': config }));
    expect(error).toMatchObject({ code: 'PLB_TYPE', origin: { file: 'tsconfig.json', line: 1 } });
  });
});

describe('what a program throws', () => {
  test('is shown at its line, with the lines around it and who called', async () => {
    const error = await problem(
      load(
        `${HEAD}import { fire } from './laser.js';

fire('alderaan');
`,
        {
          'laser.ts': `export function fire(target: string): void {
  throw new RangeError(\`out of range: \${target}\`);
}
`,
        },
      ),
    );
    expect(error.code).toBe('PLB_PROGRAM');
    expect(error.message).toBe('RangeError: out of range: alderaan');
    expect(error.origin).toEqual({ path: 'plumb.ts', file: 'laser.ts', line: 2, column: 9 });
    expect(error.detail).toContain('> 2 |   throw new RangeError(');
    expect(error.detail).toMatch(/at laser\.ts:2:9\n.*at plumb\.ts:7:1$/s);
  });

  test.each([
    ['text', "throw 'a tantrum';", 'a tantrum', undefined],
    [
      'in a promise nobody waits for',
      "void Promise.reject(new Error('lost'));\nawait 0;",
      'lost',
      5,
    ],
    ['in a promise at the top', "await Promise.reject(new Error('lost'));", 'lost', 5],
    [
      'before a line is said',
      "throw Object.assign(new Error('odd'), { stack: 7 });",
      'odd',
      undefined,
    ],
  ])('may be %s', async (_what, code, message, line) => {
    const error = await problem(
      load(`${HEAD}${code}\n`, { 'package.json': '{ "type": "module" }' }),
    );
    expect(error.code).toBe('PLB_PROGRAM');
    expect(error.message).toContain(message);
    expect(error.origin?.file).toBe('plumb.ts');
    expect(error.origin?.line).toBe(line);
  });

  test('stays PLB_PROGRAM whatever code it claims for itself', async () => {
    const error = await problem(
      load(`${HEAD}throw Object.assign(new Error('no'), { code: 'EACCES', hint: 7 });\n`),
    );
    expect(error.code).toBe('PLB_PROGRAM');
  });
});

describe('what constructs refuse', () => {
  test.each([
    [
      'a name that its scope has',
      "new Endpoint(hoth, 'a', { labels: {}, address: '10.1.0.8' });\nnew Endpoint(hoth, 'a', { labels: {}, address: '10.1.0.9' });",
      'PLB_DUPLICATE_NAME',
      'hoth/a',
      6,
    ],
    [
      'an endpoint on no node',
      "new Endpoint(app, 'a', { labels: {}, address: '10.1.0.8' });",
      'PLB_ENDPOINT_OUTSIDE_NODE',
      'a',
      5,
    ],
    [
      'a field that a cast hid',
      "new NetworkPolicy(app, 'p', { endpointSelector: {}, ingress: [{ fromRequires: [] } as object] });",
      'PLB_UNKNOWN_FIELD',
      'p',
      5,
    ],
    [
      'a selector that a cast made empty',
      "new NetworkPolicy(app, 'p', { endpointSelector: { matchLabels: undefined as never } });",
      'PLB_NOT_PLAIN',
      'p',
      5,
    ],
  ])('is %s, at its line', async (_what, code, expected, path, line) => {
    const error = await problem(load(`${HEAD}${code}\n`));
    expect(error).toMatchObject({ code: expected, origin: { path, file: 'plumb.ts', line } });
    expect(error.hint).not.toBe('');
    expect(error.detail).toContain(`> ${line} | `);
  });

  test('also arrives from a construct of the library itself', async () => {
    const error = await problem(
      load(`${HEAD}import { Construct } from 'plumbline';
new Construct(app, 'fleet');
new Construct(app, 'fleet');
`),
    );
    expect(error).toMatchObject({ code: 'PLB_PROGRAM', origin: { file: 'plumb.ts', line: 7 } });
    expect(error.message).toContain("'fleet'");
  });
});

describe('a document', () => {
  test.each([
    ["new Endpoint(hoth, 'a', { labels: { x: 1 as never }, address: '10.1.0.8' });", 'labels.x'],
    ["new NetworkPolicy(app, 'a', { endpointSelector: { match: {} } as object });", 'match'],
    [
      "new Node(app, 'a', { podCIDRs: ['10.2.0.0/24'], enforcement: 'maybe' as never });",
      'enforcement',
    ],
    [
      "new NetworkPolicy(app, 'a', { endpointSelector: {}, egress: [{ toPorts: [{ ports: [{ port: 80, name: 1 } as never] }] }] });",
      'name',
    ],
  ])('is refused where a cast hid what is wrong: %s', async (line, field) => {
    const error = await problem(load(`${HEAD}${line}\n`));
    expect(error).toMatchObject({ code: 'PLB_DOCUMENT', origin: { file: 'plumb.ts', line: 5 } });
    expect(error.message).toContain(field);
  });

  test('is validated as a whole: everything wrong is told at once, each at its line', async () => {
    const errors = await problems(
      load(`${HEAD}
new Endpoint(hoth, 'one', { labels: {}, address: '10.1.0.8' });
new Endpoint(hoth, 'two', { labels: {}, address: '10.1.0.8' });
new Endpoint(hoth, 'three', { labels: {}, address: '10.2.0.8' });
`),
    );
    expect(errors.map(({ code, origin }) => [code, origin?.path, origin?.line])).toEqual([
      ['PLB_DUPLICATE_ADDRESS', 'hoth/two', 7],
      ['PLB_ADDRESS_OUT_OF_RANGE', 'hoth/three', 8],
    ]);
    expect(errors[0]?.message).toContain('hoth/one (plumb.ts:6)');
  });
});

describe('a program that', () => {
  test('is not there, or is a directory, is named as it was given', async () => {
    const missing = await problem(loadProgram('/nowhere/plumb.ts'));
    expect(missing.code).toBe('PLB_PROGRAM_NOT_FOUND');
    expect(missing.message).toBe('/nowhere/plumb.ts does not exist');
    const directory = join(dirname(write(HEAD)), 'fleet');
    mkdirSync(directory);
    expect((await problem(loadProgram(directory))).message).toBe(`${directory} is no file`);
  });

  test('makes no app is told so', async () => {
    const error = await problem(load('export {};\n'));
    expect(error).toMatchObject({ code: 'PLB_NO_APP', origin: { file: 'plumb.ts', line: 1 } });
  });

  test('makes more than one app is told where each further one is', async () => {
    const errors = await problems(load(`${HEAD}new App();\n\nnew App();\n`));
    expect(errors.map(({ code, origin }) => [code, origin?.line])).toEqual([
      ['PLB_MANY_APPS', 5],
      ['PLB_MANY_APPS', 7],
    ]);
    expect(errors[0]?.message).toContain('plumb.ts:2');
  });

  test('has types but cannot be bundled is told what is missing', async () => {
    const error = await problem(
      load(`${HEAD}import { x } from 'holocron';\nvoid x;\n`, {
        'types.d.ts': "declare module 'holocron' { export const x: number; }\n",
        'tsconfig.json':
          '{ "compilerOptions": { "module": "nodenext", "types": ["./types.d.ts"] } }',
      }),
    );
    expect(error).toMatchObject({ code: 'PLB_BUNDLE', origin: { file: 'plumb.ts', line: 5 } });
    expect(error.message).toContain('holocron');
  });
});
