import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectManifests } from '../../src/engine/project-manifests.js';
import { WORKLOADS } from '../manifests/documents.js';

let directory: string;
let read: ReturnType<typeof projectManifests>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plumb-project-'));
  mkdirSync(join(directory, 'project/node'), { recursive: true });
  mkdirSync(join(directory, 'project/manifests'));
  writeFileSync(join(directory, 'project/package.json'), '{}');
  writeFileSync(join(directory, 'project/manifests/a.yaml'), WORKLOADS);
  writeFileSync(join(directory, 'outside.yaml'), WORKLOADS);
  read = projectManifests(join(directory, 'project/node/plumb.ts'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the manifests that a program may ask for', () => {
  it('are anywhere in its project, named from its directory', async () => {
    const calls = await read({ path: '../manifests' });
    expect(new Set(calls.map(({ origin }) => origin.file))).toEqual(
      new Set(['../manifests/a.yaml']),
    );
  });

  it('get addresses of the range that is asked for, none twice', async () => {
    const range = '10.9.0.0/29';
    const taken = ['10.9.0.2', '10.9.0.3'];
    const calls = await read({ path: '../manifests/a.yaml', range, taken });
    const addresses = calls.flatMap(({ construct, props }) =>
      construct === 'Endpoint' ? [props['address'] as string] : [],
    );
    expect(addresses.sort()).toEqual(['10.9.0.4', '10.9.0.5', '10.9.0.6']);
    const small = read({ path: '../manifests', range, taken: [...taken, '10.9.0.4'] });
    await expect(small).rejects.toMatchObject({
      code: 'PLB_MANIFEST_VALUE',
      message: expect.stringMatching(/^\.\.\/manifests\/a\.yaml:\d+: .* no address left/) as string,
    });
  });

  it.each(['../../outside.yaml', '/etc/passwd', '../..'])('are not %s', async (path) => {
    await expect(read({ path })).rejects.toMatchObject({ code: 'PLB_MANIFEST_OUTSIDE' });
  });

  it('are not behind a link that leads out', async () => {
    symlinkSync(join(directory, 'outside.yaml'), join(directory, 'project/link.yaml'));
    const outside = read({ path: '../link.yaml' });
    await expect(outside).rejects.toMatchObject({ code: 'PLB_MANIFEST_OUTSIDE' });
  });

  it('are told to be missing where they are', async () => {
    const missing = read({ path: '../nowhere' });
    await expect(missing).rejects.toMatchObject({ code: 'PLB_MANIFEST_NOT_FOUND' });
  });
});
