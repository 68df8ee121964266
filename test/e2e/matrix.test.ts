import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Matrix } from '../../src/report/matrix.js';
import { KUBERNETES, WORKLOADS } from '../manifests/documents.js';
import { runUnprivileged as plumb } from './node.js';

describe('matrix of manifests, without privileges', () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'plumb-matrix-'));
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, 'workloads.yaml'), WORKLOADS);
    writeFileSync(join(directory, 'policies.yaml'), KUBERNETES);
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('is a document', async () => {
    const result = await plumb('matrix', '--manifests', directory, '--json');
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    const { peers, pairs, ports } = JSON.parse(result.stdout) as Matrix;
    expect(ports).toEqual(['53/UDP', 'other']);
    const id = (part: string) => peers.find(({ name }) => name.includes(part))?.id;
    const pair = pairs.find(({ from, to }) => from === id('app=web') && to === id('app=shop'));
    expect(pair?.ports).toEqual({ '53/UDP': true, other: true });
  });

  it('is a table, of Markdown where that is asked for', async () => {
    const [table, markdown] = await Promise.all([
      plumb('matrix', '--manifests', directory),
      plumb('matrix', '--manifests', directory, '--markdown'),
    ]);
    expect(table.stdout).toMatch(/^from +to +53\/UDP +other$/m);
    expect(markdown.stdout).toContain('| from | to | 53/UDP | other |');
  });
});
