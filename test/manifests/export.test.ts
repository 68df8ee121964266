import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { yamlOf } from '../../src/engine/export.js';
import { compileFor, type Compiled } from '../../src/engine/provenance.js';
import { documentOf } from '../../src/manifests/build.js';
import { manifestsOf } from '../../src/manifests/export.js';
import { readManifests } from '../../src/manifests/manifests.js';
import { canonicalSources } from '../../src/model/label-source.js';
import { NAMESPACE_LABEL, namespaceLabels } from '../../src/model/namespace.js';
import type { Labels, PolicySpec, ProgramDocument } from '../../src/model/program.js';
import { allocateIdentities } from '../../src/synth/identities.js';
import { decide } from '../../src/verdict/decide.js';
import { policies } from '../policy/arbitraries.js';
import { labels } from '../policy/arbitrary-rules.js';

const origin = { path: 'test' };

function program(endpoints: readonly Labels[], list: readonly PolicySpec[]): ProgramDocument {
  return {
    version: 1,
    nodes: [
      {
        ...{ origin, name: 'hoth', podCIDRs: ['10.1.0.0/16'], gateways: ['10.1.0.1'] },
        ...{ addresses: [], allowLocalhost: true, enforcement: 'default', mtu: 1500 },
      },
    ],
    // Every pod is in a namespace, and has its labels.
    endpoints: endpoints.map((own, i) => ({
      ...{ origin, name: `e${String(i)}`, node: 'hoth', netns: `e${String(i)}` },
      labels: { ...own, ...namespaceLabels(own[NAMESPACE_LABEL] ?? 'default') },
      addresses: [`10.1.0.${String(10 + i)}`],
    })),
    policies: list,
    services: [],
  };
}

function compiled(document: ProgramDocument): Compiled {
  const [node] = document.nodes;
  return compileFor(document, node!, allocateIdentities(document.endpoints));
}

/** Whether each endpoint may reach each other one, and the world, at ports of interest. */
function verdicts({ document, allocation, policy }: Compiled, names: readonly string[]) {
  const side = (name: string) => {
    const endpoint = document.endpoints.find((one) => one.name.endsWith(name));
    if (endpoint === undefined) throw new Error(`there is no ${name}`);
    return { identity: allocation.idOf(endpoint.labels), isLocal: true };
  };
  const world = { identity: 9, isLocal: false };
  const sides = [...names.map(side), world];
  return sides.flatMap((from) =>
    sides.flatMap((to) =>
      [80, 443, 8080, 5432].map((port) => decide(policy, from, to, 6, port).allowed),
    ),
  );
}

function roundTrip(document: ProgramDocument, format: 'cilium' | 'kubernetes'): ProgramDocument {
  const { manifests, errors } = manifestsOf(document, format);
  expect(errors).toEqual([]);
  const text = yamlOf(manifests);
  return canonicalSources(documentOf(readManifests([{ name: 'all.yaml', text }])));
}

/** Cilium takes no list of ports that is empty, and means by it something else than we do. */
const exportable = policies.map((list) =>
  list.filter((policy) => {
    const said = JSON.stringify(policy);
    return (
      policy.tier === undefined &&
      policy.audit === undefined &&
      !/cidrMatchMode|"nodes"|"ports":\[\]|"toPorts":\[\]|"fields":\[\]|"icmps":\[\]/.test(said)
    );
  }),
);

describe('a program that is exported and imported', () => {
  test('gives the same verdicts in the words of Cilium', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        fc.array(labels, { minLength: 1, maxLength: 4 }),
        exportable,
        (endpoints, list) => {
          const document = program(endpoints, list);
          const names = document.endpoints.map(({ name }) => name);
          const before = compiled(document);
          const after = compiled(roundTrip(document, 'cilium'));
          expect(verdicts(after, names)).toEqual(verdicts(before, names));
          if (list.length > 0) compared++;
        },
      ),
      { numRuns: 150 },
    );
    expect(compared).toBeGreaterThan(50);
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
    expect(verdicts(after, names)).toEqual(verdicts(compiled(document), names));
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
