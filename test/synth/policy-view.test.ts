import { describe, expect, it } from 'vitest';
import { compileFor } from '../../src/engine/provenance.js';
import type { NodeSpec, PolicySpec, ProgramDocument } from '../../src/model/program.js';
import { allocateIdentities } from '../../src/synth/identities.js';
import { policyView } from '../../src/synth/policy-view.js';
import { synth } from '../../src/synth/synth.js';

const origin = { path: 'n' };
const node: NodeSpec = {
  origin,
  name: 'n',
  podCIDRs: ['10.0.0.0/24'],
  gateways: ['10.0.0.1'],
  addresses: [],
  allowLocalhost: true,
  enforcement: 'default',
  mtu: 1500,
};
const policy: PolicySpec = {
  origin,
  name: 'p',
  endpointSelector: { matchLabels: { app: 'a' } },
  ingress: [
    { endpoints: [{ matchLabels: { app: 'b' } }], toPorts: [{ ports: [{ port: 80 }] }] },
    { cidrSet: [{ cidr: '192.0.2.0/24', except: ['192.0.2.128/25'] }] },
  ],
  ingressDeny: [{ entities: ['world'], toPorts: [{ ports: [{ port: 1000, endPort: 2000 }] }] }],
};

describe('a policy that was written into map entries', () => {
  it('reads back as the policy that was compiled', () => {
    const endpoints = ['a', 'b'].map((name, i) => ({
      origin,
      name,
      node: 'n',
      labels: { app: name },
      addresses: [`10.0.0.1${String(i)}`],
      netns: name,
    }));
    const document: ProgramDocument = {
      version: 1,
      nodes: [node],
      endpoints,
      policies: [policy],
      services: [],
    };
    const allocation = allocateIdentities(endpoints);
    const compiled = compileFor(document, node, allocation).policy;
    const state = synth({
      document,
      node,
      allocation,
      compiled,
      datapath: { hash: '0'.repeat(16) },
    });
    const view = policyView(state);
    expect(view.classes).toEqual(compiled.classes);
    expect(view.policySets).toEqual(compiled.policySets);
    expect(view.heads).toEqual(compiled.heads);
    expect(view.versions).toEqual(compiled.versions);
    expect(view.allowLocalhost).toBe(true);
    const byPrefix = (a: { prefix: string }, b: { prefix: string }): number =>
      a.prefix < b.prefix ? -1 : 1;
    expect([...(view.prefixes ?? [])].sort(byPrefix)).toEqual(
      [...compiled.prefixes].sort(byPrefix),
    );
    const sorted = (tables: typeof view.tables) =>
      [...tables].map(([id, list]) => [id, list.map((e) => JSON.stringify(e)).sort()]).sort();
    expect(sorted(view.tables)).toEqual(sorted(compiled.tables));
  });
});
