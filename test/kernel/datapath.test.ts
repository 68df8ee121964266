import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildOf, featuresOf, openDatapath, rodataFor } from '../../src/kernel/datapath.js';
import { variablesIn } from '../../src/kernel/elf.js';

const SOURCE = `
const volatile unsigned char feature_audit = 1;
const volatile unsigned char plumb_build[8];
const volatile unsigned int other = 7;
const volatile unsigned char feature_ipv6;
int used(void) { return feature_audit + plumb_build[1] + other + feature_ipv6; }
`;

let directory: string;
let object: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'plk-elf-'));
  const source = join(directory, 'x.c');
  object = join(directory, 'x.o');
  writeFileSync(source, SOURCE);
  execFileSync('clang-19', ['-target', 'bpf', '-O2', '-c', source, '-o', object]);
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe('a datapath object', () => {
  test('names its switches', () => {
    expect(featuresOf(openDatapath(object))).toEqual(['audit', 'ipv6']);
  });

  test('gives back the build that was written into it', () => {
    const datapath = openDatapath(object);
    const build = { object: datapath.hash, features: { audit: false, ipv6: true } };
    const rodata = new Uint8Array(64).fill(0xff);
    for (const [name, bytes] of Object.entries(rodataFor(datapath, build))) {
      rodata.set(bytes, datapath.rodata.get(name)?.offset);
    }
    expect(buildOf(datapath, rodata)).toEqual(build);
  });

  test('is not the one that a plan for another object wants', () => {
    const build = { object: '0011223344556677', features: {} };
    expect(() => rodataFor(openDatapath(object), build)).toThrow(/wants datapath 0011223344556677/);
  });

  test('refuses a switch that it does not have', () => {
    const datapath = openDatapath(object);
    const build = { object: datapath.hash, features: { warp: true } };
    expect(() => rodataFor(datapath, build)).toThrow(/no feature warp/);
  });

  test('that was not built is an error with a hint', () => {
    expect(() => openDatapath(join(directory, 'none.o'))).toThrow(/no datapath object/);
  });

  test('is not just any file', () => {
    expect(() => variablesIn(Buffer.from(SOURCE), '.rodata')).toThrow(RangeError);
  });
});
