import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const made = /(^|\/)(node_modules|build|dist|fixtures)\//;

/** Files below `folders`, relative to the root, without what a build made. */
function files(folders: readonly string[], name: RegExp): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name))),
    )
    .filter((path) => name.test(path) && !made.test(path))
    .sort();
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

describe('sources', () => {
  const sources = files(['src', 'constructs', 'bpf', 'native'], /\.(ts|js|c|h|cc|hh|cpp|hpp)$/);

  test('are found at all', () => {
    expect(sources).toContain('src/model/error.ts');
  });

  test('have at most 350 lines each', () => {
    const long = sources
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 350);
    expect(long).toEqual([]);
  });
});

describe('the datapath', () => {
  const sources = files(['bpf'], /\.[ch]$/);

  test('has no features that a preprocessor switches', () => {
    const conditional = /^\s*#\s*(?:if|ifdef|ifndef|elif|elifdef|elifndef)\b/m;
    expect(sources).toContain('bpf/endpoint.c');
    expect(sources.filter((path) => conditional.test(read(path)))).toEqual([]);
  });

  test('has headers of at most 200 lines', () => {
    const headers = sources.filter((path) => path.endsWith('.h'));
    const long = headers.filter((path) => read(path).split('\n').length > 201);
    expect(long).toEqual([]);
  });
});

describe('tests', () => {
  test('are never skipped, focused or left to do', () => {
    const evasive = /\b(?:test|it|describe)(?:\.\w+)*\.(?:skip|skipIf|runIf|only|todo|fails)\b/;
    const offenders = files(['test'], /\.test\.ts$/).filter((path) => evasive.test(read(path)));
    expect(offenders).toEqual([]);
  });
});

interface Lock {
  readonly packages: Record<
    string,
    {
      resolved?: string;
      link?: boolean;
      inBundle?: boolean;
      integrity?: string;
      optionalDependencies?: Record<string, string>;
    }
  >;
}

describe('the lock file', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as Lock;
  const installed = Object.entries(packages).filter(([path]) => path.startsWith('node_modules/'));

  test('names no host', () => {
    const named = installed.filter(
      ([, { link, resolved }]) => link !== true && resolved !== undefined,
    );
    expect(named).toEqual([]);
    expect(read('package-lock.json')).not.toMatch(/https?:[^"]*\.tgz/);
  });

  test('pins the contents of every package that is not our own', () => {
    // What is bundled is pinned with the package that it is in.
    const loose = installed.filter(
      ([, { link, inBundle, integrity }]) =>
        link !== true && inBundle !== true && integrity === undefined,
    );
    expect(loose).toEqual([]);
  });

  // npm leaves out what a registry does not have, and then refuses its own lock file in npm ci
  test('has every optional package that another one names, for all platforms', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !(`node_modules/${name}` in packages))
        .filter((name) => !(`${path}/node_modules/${name}` in packages)),
    );
    expect(missing).toEqual([]);
  });
});
