import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestsBelow, resultOf } from '../../scripts/import-table.js';
import { compileProgram } from '../../src/engine/compile-program.js';
import { synthesize } from '../../src/engine/desired.js';
import { importManifests } from '../../src/engine/import.js';
import { planAgainst } from '../../src/engine.js';
import { check } from '../../src/loader/check.js';
import { canonicalSources } from '../../src/model/label-source.js';
import { documentErrors, resolveProgram } from '../../src/model/resolve-program.js';
import { emptyState } from '../../src/state/canonical.js';
import { addressesIn, withPods } from './pods-for.js';
import { compiled, evaluated, meanings, roundTrip } from './round-trip.js';
import { expectSameMatrix } from './same-matrix.js';

const ROOT = resolve(import.meta.dirname, '../..');

/** Policies of Cilium itself, which are no part of this project. */
const CORPUS = join(ROOT, '../shared/corpus/cilium');

/** Why a file may be refused: what its refusal says -> what that comes down to. */
const REASONS: readonly (readonly [said: RegExp, why: string])[] = [
  [/^refused: PLB_MANIFEST_UNSUPPORTED: line \d+: \S+ is not supported: it is legacy$/, 'legacy'],
  [
    /^refused: PLB_MANIFEST_UNSUPPORTED: line \d+: \S+\.auth(entication)? is .*handshake/,
    'cluster',
  ],
  [
    /^refused: PLB_MANIFEST_VALUE: line \d+: \S+\.toServices\[0\] .* is(, which is not)? there$/,
    'cluster',
  ],
  [
    /^refused: PLB_MANIFEST_VALUE: line \d+: \S+\.toServices\[0\] .*, which is not there$/,
    'cluster',
  ],
  [
    /^refused: PLB_MANIFEST_KIND: line 1: .* CiliumLocalRedirectPolicy .*: it redirects/,
    'no policy',
  ],
  [/^refused: .*operator is in: Kubernetes and Cilium refuse it, too/, 'refused by Cilium'],
];

if (!existsSync(CORPUS)) {
  it(`was left out: there is no ${CORPUS}`, () => {
    console.warn(`the policies of ${CORPUS} were not tried: they are not there`);
  });
} else {
  const files = manifestsBelow(CORPUS);
  const imported: string[] = [];
  let directory = '';

  beforeAll(() => {
    mkdirSync(join(ROOT, '.cache'), { recursive: true });
    directory = mkdtempSync(join(ROOT, '.cache/corpus-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  describe.sequential('a policy of cilium/cilium', () => {
    it.each(files)(
      '%s imports, plans and round-trips, or is refused with a reason',
      async (file) => {
        const path = join(CORPUS, file);
        const result = await resultOf(path);
        if (!result.startsWith('imports')) {
          expect(REASONS.find(([said]) => said.test(result))?.[1], result).toBeDefined();
          return;
        }
        const desired = await synthesize('', { manifests: path });
        const { plan } = planAgainst(desired, emptyState('node'));
        expect(plan.steps.length).toBeGreaterThan(0);

        const { program } = await importManifests(path);
        imported.push(program);
        const again = evaluated(program);
        expect(documentErrors(again)).toEqual([]);
        compileProgram(resolveProgram(again));
        expect(bare(canonicalSources(again).policies)).toEqual(bare(desired.written.policies));

        const whole = withPods(desired.written);
        const names = whole.endpoints.map(({ name }) => name);
        const addresses = [...addressesIn(whole), '192.0.2.7', '2001:db8::7'];
        const [before, after] = [compiled(whole), compiled(roundTrip(whole, 'cilium'))];
        expect(meanings(after, names, addresses)).toEqual(meanings(before, names, addresses));
        expectSameMatrix(before, after);
      },
    );

    it('makes a program that type-checks, all of them', { timeout: 120_000 }, () => {
      const all = imported.map((program, i) => {
        writeFileSync(join(directory, `p${String(i)}.ts`), program);
        return `import './p${String(i)}.js';\n`;
      });
      writeFileSync(join(directory, 'all.ts'), all.join(''));
      expect(check(join(directory, 'all.ts')).errors).toEqual([]);
    });

    it('makes a program that synthesizes where nothing has the labels that it asks for', async () => {
      const { program } = await importManifests(join(CORPUS, 'examples/l4/l4.yaml'));
      writeFileSync(join(directory, 'plumb.ts'), program);
      const { document, warnings } = await synthesize(join(directory, 'plumb.ts'));
      expect(document.policies.map(({ name }) => name)).toEqual(['l4-rule']);
      expect(warnings).toContainEqual(expect.stringMatching(/^plumb\.ts:\d+: .* label app$/));
    });

    it('is in the documentation with what becomes of it', async () => {
      const results = await Promise.all(files.map((file) => resultOf(join(CORPUS, file))));
      const rows = files.map((file, i) => [file, results[i]]);
      const text = readFileSync(join(ROOT, 'docs/import.md'), 'utf8');
      const documented = [...text.matchAll(/^\| (\S+\.(?:yaml|json)) +\| (.*?) +\|$/gm)];
      expect(documented.map(([, file, result]) => [file, result])).toEqual(rows);
    });
  });
}

/** Without where things were written: that is the program now. */
function bare(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, member: unknown) => (key === 'origin' ? undefined : member)),
  ) as unknown;
}
