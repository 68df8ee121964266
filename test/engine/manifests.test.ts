import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { matrix } from '../../src/engine/matrix.js';
import { synthesize } from '../../src/engine/desired.js';
import { KUBERNETES, WORKLOADS } from '../manifests/documents.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plumb-manifests-'));
  mkdirSync(join(directory, 'policies'));
  writeFileSync(join(directory, 'workloads.yaml'), WORKLOADS);
  writeFileSync(join(directory, 'policies/shop.yml'), KUBERNETES);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('manifests in the place of a program', () => {
  it('say who can talk to whom', async () => {
    const made = await matrix({ manifests: directory });
    const id = (part: string) => made.peers.find(({ name }) => name.includes(part))?.id;
    const ports = (from: string, to: string) =>
      made.pairs.find((pair) => pair.from === id(from) && pair.to === id(to))?.ports;
    expect(ports('app=web', 'app=shop')).toEqual({ '53/UDP': true, other: true });
    expect(ports('app=shop', 'app=web')).toEqual({ '53/UDP': false, other: false });
    expect(ports('world-ipv6', 'app=shop')).toEqual({ '53/UDP': true, other: false });
  });

  it('keep files relative to the directory, and numbers in a lock file inside it', async () => {
    const desired = await synthesize('', { manifests: directory });
    expect(desired.document.policies[0]?.origin).toMatchObject({
      file: 'policies/shop.yml',
      line: 1,
    });
    expect(desired.lockPath).toBe(join(directory, 'plumb.lock.json'));
  });

  it('may select by labels that nothing in them has, which is told', async () => {
    rmSync(join(directory, 'workloads.yaml'));
    const { warnings } = await synthesize('', { manifests: directory });
    expect(warnings).toContainEqual(expect.stringContaining('no endpoint has a label app'));
  });

  it('are an error when there are none', async () => {
    await expect(synthesize('', { manifests: join(directory, 'nowhere') })).rejects.toMatchObject({
      code: 'PLB_MANIFEST_NOT_FOUND',
    });
  });
});
