import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { synthesize } from '../../src/engine/desired.js';
import { importManifests } from '../../src/engine/import.js';
import { matrixOf } from '../../src/engine/matrix.js';
import { stateToJson } from '../../src/state/json.js';
import { CILIUM, GROUP, KUBERNETES, NAMING, TIERS, WORKLOADS } from '../manifests/documents.js';

const PROBE = `apiVersion: v1
kind: Pod
metadata: { name: probe, namespace: it's, labels: { app: probe } }
spec: { containers: [{ name: c, image: probe }] }
`.replace("it's", 'probes');

let directory: string;
beforeEach(() => {
  // Inside the checkout, where a program finds the package.
  mkdirSync('.cache', { recursive: true });
  directory = mkdtempSync('.cache/import-');
  const all = [CILIUM, KUBERNETES, TIERS, WORKLOADS, GROUP, PROBE, NAMING];
  all.forEach((text, i) => writeFileSync(join(directory, `${String(i)}.yaml`), text));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** All that a state says, without where it came from. */
function bare(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, member: unknown) =>
      key === 'origin' || key === 'rowOrigins' ? undefined : member,
    ),
  ) as unknown;
}

describe('a program made of manifests', () => {
  it('type-checks, and means the same state and the same matrix', async () => {
    const { program, counts } = await importManifests(directory);
    expect(counts).toMatchObject({ Endpoint: 4, NetworkPolicy: 2, ClusterNetworkPolicy: 4 });
    expect(counts).toMatchObject({ Service: 2, CIDRGroup: 1 });
    const path = join(directory, 'plumb.ts');
    writeFileSync(path, program);
    const [imported, original] = await Promise.all([
      synthesize(path),
      synthesize('', { manifests: directory }),
    ]);
    expect(bare(stateToJson(imported.state))).toEqual(bare(stateToJson(original.state)));
    expect(matrixOf(imported)).toEqual(matrixOf(original));
  });

  it('is not made where plan would refuse it: the manifest is told, with its line', async () => {
    const path = join(directory, '0.yaml');
    const cases = [
      ['192.0.2.1', '192.0.2.300', 'PLB_INVALID_CIDR', 19],
      [
        '{ port: 8000, endPort: 8100 }',
        '{ port: "80" }], rules: { l7proto: cassandra }',
        'PLB_L7',
        19,
      ],
    ] as const;
    for (const [before, after, code, line] of cases) {
      const text = CILIUM.replace(before, after).replace('cassandra }] }]', 'cassandra } }]');
      expect(text).not.toBe(CILIUM);
      writeFileSync(path, text);
      const failed = await importManifests(path).catch((error: unknown) => error);
      expect(failed).toMatchObject({ origin: { file: path, line } });
      expect((failed as { code: string }).code).toContain(code);
    }
  });

  it('names the file and line that each construct came from, and imports only what it uses', async () => {
    const { program } = await importManifests(join(directory, '0.yaml'));
    expect(program).toContain(
      `// ${join(directory, '0.yaml')}:1\nnew NetworkPolicy(prodNamespace, 'shop', {`,
    );
    expect(program).toMatch(
      /^import \{ App, Lint, Namespace, NetworkPolicy, Node \} from 'plumbline';\n/,
    );
    // Whoever formats it changes line breaks, nothing else.
    const formatted = await format(program, {
      parser: 'typescript',
      singleQuote: true,
      printWidth: 100,
    });
    const words = (text: string) => text.replace(/[\s,]+/g, '');
    expect(words(formatted)).toBe(words(program));
  });
});
