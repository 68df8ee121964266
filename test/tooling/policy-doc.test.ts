import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as plumbline from 'plumbline';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/policy.md'), 'utf8');
/** Folders of test/ whose subjects are judged by the kernel of this machine. */
const KERNEL = ['bpf', 'e2e', 'kernel', 'proxy', 'apply'];

interface Proof {
  readonly file: string;
  readonly name: string;
}

interface Row {
  readonly what: string;
  /** What is told before anything gets to a kernel. */
  readonly isRefusal: boolean;
  readonly proofs: readonly Proof[];
}

/** Rows of tables whose last column is `on the kernel`. */
function rows(): Row[] {
  const tables = text.split(/\n\n+/).filter((part) => /^\|[^\n]*on the kernel/.test(part));
  return tables.flatMap((table) =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .map((line) => {
        const cells = line.split(' | ').map((cell) => cell.trim());
        const last = cells.at(-1) ?? '';
        return { what: cells[0] ?? '', isRefusal: /^refused: /.test(last), proofs: proofsOf(last) };
      }),
  );
}

/** `file` "name"; "name", `file` "name". */
function proofsOf(cell: string): Proof[] {
  return cell.split(/(?=`[a-z0-9-]+\/[a-z0-9./-]+\.test\.ts`)/).flatMap((part) => {
    const file = /^`([^`]+)`/.exec(part)?.[1];
    if (file === undefined) return [];
    return [...part.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ file, name }));
  });
}

const isOnKernel = ({ file }: Proof): boolean => KERNEL.includes(file.split('/')[0] ?? '');

function isThere({ file, name }: Proof): boolean {
  const path = join(root, 'test', file);
  if (!existsSync(path)) return false;
  const source = readFileSync(path, 'utf8').replaceAll("\\'", "'");
  return [`'${name}'`, `"${name}"`, `\`${name}\``].some((quoted) => source.includes(quoted));
}

describe('docs/policy.md', () => {
  test('has a proof on the kernel for each line, or says that none gets there', () => {
    expect(rows().length).toBeGreaterThan(60);
    const unproven = rows().filter(({ isRefusal, proofs }) =>
      isRefusal ? proofs.length === 0 : !proofs.some(isOnKernel),
    );
    expect(unproven.map(({ what }) => what)).toEqual([]);
  });

  test('names tests that there are', () => {
    const proofs = rows().flatMap((row) => row.proofs);
    expect(proofs.length).toBeGreaterThan(100);
    expect(proofs.filter((proof) => !isThere(proof))).toEqual([]);
    const files = [...text.matchAll(/`([a-z0-9-]+\/[a-z0-9./-]+\.test\.ts)`/g)].map((m) => m[1]!);
    expect(files.filter((path) => !existsSync(join(root, 'test', path)))).toEqual([]);
  });

  test('names constructs that there are', () => {
    const named = [...text.matchAll(/`([A-Z][A-Za-z]+)`/g)].map((m) => m[1]!);
    const constructs = named.filter((name) => /(Policy|Group|Namespace)$/.test(name));
    expect(constructs.length).toBeGreaterThan(3);
    expect(constructs.filter((name) => !(name in plumbline))).toEqual([]);
  });
});
