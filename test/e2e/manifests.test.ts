import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Matrix } from '../../src/report/matrix.js';
import { CILIUM, GROUP, KUBERNETES, NAMING, TIERS, WORKLOADS } from '../manifests/documents.js';
import { CHECKOUT, run, type Result } from './node.js';

type Place = { readonly file?: string; readonly line?: number };

interface PlanJson {
  readonly steps: readonly {
    readonly action: string;
    readonly kind: string;
    readonly key: string;
    readonly origin: Place;
  }[];
  readonly lints: readonly { readonly origin: Place }[];
}

const FILES = { CILIUM, KUBERNETES, TIERS, WORKLOADS, GROUP, NAMING };

describe.sequential('manifests on the command line', () => {
  let directory: string;
  let manifests: string;
  const plumb = (...args: readonly string[]): Promise<Result> => run('bin/plumb', args);
  const planned = async (...args: readonly string[]): Promise<PlanJson> => {
    const { stdout } = await plumb('plan', ...args, '--state', 'empty', '--json');
    return JSON.parse(stdout) as PlanJson;
  };
  const at = (name: string): string => join(directory, name);
  const errorsOf = ({ stdout }: Result) =>
    (JSON.parse(stdout) as { errors: Record<string, unknown>[] }).errors;

  beforeAll(() => {
    mkdirSync(join(CHECKOUT, '.cache'), { recursive: true });
    // Inside the checkout, where a program finds the package.
    directory = mkdtempSync(join(CHECKOUT, '.cache/manifests-'));
    manifests = at('manifests');
    mkdirSync(manifests);
    for (const [name, text] of Object.entries(FILES)) {
      writeFileSync(join(manifests, `${name.toLowerCase()}.yaml`), text);
    }
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('become a program that plans the same, by plumb import DIR', async () => {
    const written = await plumb('import', manifests, '--out', at('plumb.ts'));
    expect(written).toMatchObject({ code: 0 });
    expect(written.stdout).toMatch(/plumb\.ts: 1 Node, .*NetworkPolicy/);
    expect(await plumb('import', manifests, '--out', at('plumb.ts'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('PLB_IMPORT_OUT') as string,
    });
    const [program, same] = await Promise.all([
      planned(at('plumb.ts')),
      planned('--manifests', manifests),
    ]);
    const steps = (plan: PlanJson) =>
      plan.steps.map(({ action, kind, key }) => [action, kind, key]);
    expect(same.steps.length).toBeGreaterThan(20);
    expect(steps(program)).toEqual(steps(same));
  });

  it('are imported from one file, and from standard input, and warned of what they do not show', async () => {
    const file = await plumb('import', join(manifests, 'kubernetes.yaml'));
    expect(file.code).toBe(0);
    expect(file.stderr).toMatch(
      /kubernetes\.yaml:\d+:[\s›]+prod\/shop: policy shop: no endpoint has a label app/,
    );
    const piped = await new Promise<string>((done, failed) => {
      const child = spawn('bin/plumb', ['import', '-'], { cwd: CHECKOUT, stdio: 'pipe' });
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      child.on('error', failed);
      child.on('close', () => done(text));
      child.stdin.end(KUBERNETES);
    });
    const named = (text: string): string => text.replaceAll(/^\/\/ .*:/gm, '// ');
    expect(piped).toContain('new KubernetesNetworkPolicy(');
    expect(named(piped)).toBe(named(file.stdout));
  });

  it('are exported as they came, for the matrix: plumb matrix --manifests', async () => {
    const exported = await plumb('export', '--manifests', manifests, '--format', 'cilium');
    expect(exported.code).toBe(0);
    writeFileSync(at('exported.yaml'), exported.stdout);
    const matrices = await Promise.all(
      [manifests, at('exported.yaml')].map(async (path) => {
        const { stdout } = await plumb('matrix', '--manifests', path, '--json');
        return JSON.parse(stdout) as Matrix;
      }),
    );
    const [first, second] = matrices as [Matrix, Matrix];
    expect(first.pairs.length).toBeGreaterThan(10);
    expect(second).toEqual(first);
    expect((await plumb('matrix', '--manifests', manifests)).stdout).toMatch(/^from +to +/m);
  });

  it('are refused with file, line and field, and nothing is written', async () => {
    writeFileSync(at('bad.yaml'), KUBERNETES.replace('policyTypes:', 'policyTipes:'));
    const result = await plumb('import', at('bad.yaml'), '--out', at('bad.ts'), '--json');
    expect(result.code).toBe(1);
    expect(errorsOf(result)).toContainEqual(
      expect.objectContaining({ code: 'PLB_MANIFEST_FIELD', line: 6, path: 'spec.policyTipes' }),
    );
    expect((await plumb('plan', at('bad.ts'), '--state', 'empty')).stderr).toContain(
      'PLB_PROGRAM_NOT_FOUND',
    );
  });

  describe('by loadManifests of a program', () => {
    const program = (path: string, rest = ''): string => {
      writeFileSync(
        at('load.ts'),
        `import * as plumbline from 'plumbline';
const app = new plumbline.App();
const node = new plumbline.Node(app, 'hoth', { podCIDRs: ['10.9.0.0/24'] });
${rest}plumbline.loadManifests(node, ${JSON.stringify(path)});\n`,
      );
      return at('load.ts');
    };

    it('are on its node, beside what it makes itself, with their own files and lines', async () => {
      const mine = `const labels = { app: 'web', own: 'yes' };
new plumbline.Endpoint(node, 'own', { address: '10.9.0.2', labels, namespace: 'prod' });
`;
      const path = program('manifests', mine);
      const { stdout } = await plumb('matrix', path, '--json');
      const { peers, node } = JSON.parse(stdout) as Matrix;
      expect(node).toBe('hoth');
      const names = peers.map(({ labels: { app = '', own = '' } }) => app + own);
      expect(names).toEqual(expect.arrayContaining(['shop', 'web', 'webyes']));
      const { steps, lints } = await planned(path);
      const placeOf = (part: string) => steps.find(({ key }) => key === part)?.origin;
      expect(placeOf('lxcown')).toMatchObject({ file: 'load.ts', line: 5 });
      const { file, line = 0 } = placeOf('lxcprod-web') ?? {};
      expect(file).toBe('manifests/workloads.yaml');
      expect(
        WORKLOADS.split('\n')
          .slice(line - 1, line + 2)
          .join(),
      ).toContain('name: web');
      const about = lints.map(({ origin }) => `${origin.file ?? ''}:${String(origin.line)}`);
      expect(about).toContain('manifests/kubernetes.yaml:11');
    });

    it('are refused with their own places', async () => {
      const result = await plumb('plan', program('bad.yaml'), '--state', 'empty', '--json');
      expect(errorsOf(result)).toEqual([
        expect.objectContaining({ code: 'PLB_MANIFEST_FIELD', file: 'bad.yaml', line: 6 }),
      ]);
    });

    it('may only be in the project, whatever links say', async () => {
      const elsewhere = mkdtempSync(join(tmpdir(), 'plumb-manifests-'));
      try {
        writeFileSync(join(elsewhere, 'a.yaml'), KUBERNETES);
        symlinkSync(elsewhere, at('link'));
        const result = await plumb('plan', program('link'), '--state', 'empty', '--json');
        expect(errorsOf(result)).toEqual([
          expect.objectContaining({ code: 'PLB_MANIFEST_OUTSIDE' }),
        ]);
      } finally {
        rmSync(elsewhere, { recursive: true, force: true });
      }
    });
  });
});
