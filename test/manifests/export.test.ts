import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manifestsOf } from '../../src/manifests/export.js';
import { PlumbError } from '../../src/model/error.js';
import { NAMESPACE_LABEL } from '../../src/model/namespace.js';
import type { Labels, PolicySpec } from '../../src/model/program.js';
import { program, programs } from './arbitrary-programs.js';
import { compiled, meanings, roundTrip } from './round-trip.js';

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

describe('a program that is exported and imported', () => {
  test('means the same in the words of Cilium, tiers, services, groups and layer 7 with it', () => {
    const compared = { tiers: 0, filters: 0, services: 0, groups: 0, names: 0 };
    fc.assert(
      fc.property(programs, (document) => {
        const names = document.endpoints.map(({ name }) => name);
        const before = compiledOrNot(document);
        fc.pre(before !== undefined);
        const said = meanings(before, names);
        expect(meanings(compiled(roundTrip(document, 'cilium')), names)).toEqual(said);
        const text = JSON.stringify(document.policies);
        if (text.includes('"tier":"')) compared.tiers++;
        if (Object.values(said).some((one) => one.includes('"protocol"'))) compared.filters++;
        if (/"services":\["/.test(text)) compared.services++;
        if (text.includes('cidrGroups')) compared.groups++;
        if (text.includes('fqdns')) compared.names++;
      }),
      { numRuns: 200 },
    );
    for (const count of Object.values(compared)) expect(count).toBeGreaterThan(10);
  });

  test('gives the same verdicts in the words of Kubernetes, where those suffice', () => {
    const web: PolicySpec = {
      ...{ origin, name: 'web', namespace: 'shop' },
      endpointSelector: { matchLabels: { app: 'web' } },
      ingress: [
        {
          endpoints: [
            { matchLabels: { app: 'client' } },
            { matchLabels: { [NAMESPACE_LABEL]: 'ops', app: 'probe' } },
          ],
          toPorts: [
            {
              ports: [
                { port: 80, protocol: 'TCP' },
                { port: 443, endPort: 450 },
              ],
            },
          ],
        },
        { cidrSet: [{ cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }] },
      ],
    };
    const at = (namespace: string, app: string): Labels => ({ [NAMESPACE_LABEL]: namespace, app });
    const document = program(
      [at('shop', 'web'), at('shop', 'client'), at('ops', 'probe'), at('ops', 'client')],
      [web],
    );
    const names = document.endpoints.map(({ name }) => name);
    const after = compiled(roundTrip(document, 'kubernetes'));
    expect(meanings(after, names)).toEqual(meanings(compiled(document), names));
  });
});

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
