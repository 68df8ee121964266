import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Compiled } from '../../src/engine/provenance.js';
import { loadProgram } from '../../src/loader/load-program.js';
import { printProgram } from '../../src/loader/print-program.js';
import { manifestsOf } from '../../src/manifests/export.js';
import { PlumbError } from '../../src/model/error.js';
import { RESERVED } from '../../src/model/identity.js';
import type { PolicySpec, ProgramDocument } from '../../src/model/program.js';
import { program, programs } from './arbitrary-programs.js';
import { kubernetesPrograms } from './kubernetes-programs.js';
import { compiled, evaluated, exportedCalls, meanings, roundTrip } from './round-trip.js';
import { expectSameMatrix } from './same-matrix.js';

const origin = { path: 'test' };

/** Undefined where rules speak two protocols of layer 7 at one port. */
function compiledOrNot(document: Parameters<typeof compiled>[0]) {
  try {
    return compiled(document);
  } catch (error) {
    if (error instanceof PlumbError && error.code === 'PLB_L7_PROTOCOLS') return undefined;
    throw error;
  }
}

/** After which a kind of rule that was never drawn is no chance. */
const ROUNDS = 10;
/** Busy machines need it; an idle one has done in seconds. */
const LONG = { timeout: 120_000 };

describe('a program that is exported and imported', () => {
  test(
    'means the same in the words of Cilium, tiers, services, groups and layer 7 with it',
    LONG,
    () => {
      const compared = {
        tiers: 0,
        filters: 0,
        services: 0,
        groups: 0,
        names: 0,
        nodes: 0,
        hosts: 0,
      };
      const sameMeaning = fc.property(programs, fc.nat(3), (document, one) => {
        const before = compiledOrNot(document);
        fc.pre(before !== undefined);
        // One in four goes through the program that an import prints.
        const again =
          one === 0
            ? roundTrip(document, 'cilium', (calls) => evaluated(printProgram(calls)))
            : roundTrip(document, 'cilium');
        expectSame(before, compiled(again));
        const text = JSON.stringify(document.policies);
        if (text.includes('"tier":"')) compared.tiers++;
        if (text.includes('"rules":')) compared.filters++;
        if (/"services":\["/.test(text)) compared.services++;
        if (text.includes('cidrGroups')) compared.groups++;
        if (text.includes('fqdns')) compared.names++;
        if (text.includes('"nodes":[{')) compared.nodes++;
        if (before.policy.policySets.has(RESERVED.host)) compared.hosts++;
      });
      for (let round = 0; round < ROUNDS && Object.values(compared).includes(0); round++) {
        fc.assert(sameMeaning, { numRuns: 100 });
      }
      for (const count of Object.values(compared)) expect(count).toBeGreaterThan(0);
    },
  );

  test('means the same in the words of Kubernetes, where those suffice', LONG, () => {
    fc.assert(
      fc.property(kubernetesPrograms, (document) => {
        expectSame(compiled(document), compiled(roundTrip(document, 'kubernetes')));
      }),
      { numRuns: 75 },
    );
  });

  test('means the same as a program that is loaded', LONG, async () => {
    const [document] = fc.sample(programs, { seed: 5, numRuns: 20 }).filter(isRich);
    if (document === undefined) throw new Error('no sample has all that is to be loaded');
    mkdirSync('.cache', { recursive: true });
    // Inside the checkout, where a program finds the package.
    const directory = mkdtempSync('.cache/export-');
    try {
      const path = join(directory, 'plumb.ts');
      writeFileSync(path, printProgram(exportedCalls(document, 'cilium')));
      const { written } = await loadProgram(path);
      const again = roundTrip(document, 'cilium', () => written);
      expectSame(compiled(document), compiled(again));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

/** Of many policies, and of no two protocols of layer 7 at one port. */
function isRich(document: ProgramDocument): boolean {
  const text = JSON.stringify(document.policies);
  return (
    document.policies.length > 4 && text.includes('"tier"') && Boolean(compiledOrNot(document))
  );
}

function expectSame(before: Compiled, after: Compiled): void {
  const names = before.document.endpoints.map(({ name }) => name);
  expect(meanings(after, names)).toEqual(meanings(before, names));
  // The matrix has columns for numbers.
  const isByName = /"port":"[a-z]/.test(JSON.stringify(before.document.policies));
  if (!isByName) expectSameMatrix(before, after);
}

describe('what a format has no words for', () => {
  const denies: PolicySpec = {
    ...{ origin, name: 'denies', namespace: 'shop', endpointSelector: {}, audit: true },
    ingressDeny: [{ entities: ['world'] }],
    egress: [{ entities: ['host'], icmps: [{ fields: [{ type: 8 }] }] }],
  };

  test('is an error that names all of it, with its policy', () => {
    const { errors } = manifestsOf(program([], [denies]), 'kubernetes');
    expect(errors.map(({ message }) => message)).toEqual([
      'test: kubernetes manifests cannot say audit',
      'test: kubernetes manifests cannot say rules that deny',
      'test: kubernetes manifests cannot say entities',
      'test: kubernetes manifests cannot say ICMP',
    ]);
  });

  test('is less in that of Cilium', () => {
    const { errors } = manifestsOf(program([], [denies]), 'cilium');
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ['PLB_EXPORT', 'test: cilium manifests cannot say audit'],
    ]);
  });
});
