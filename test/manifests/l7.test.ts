import { describe, expect, it } from 'vitest';
import { yamlOf } from '../../src/engine/export.js';
import { documentOf } from '../../constructs/build-calls.js';
import { manifestsOf } from '../../src/manifests/export.js';
import { readManifests } from '../../src/manifests/manifests.js';
import type { ProgramDocument } from '../../src/model/program.js';

const policy = (rules: string, direction = 'ingress'): string => `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: l7 }
spec:
  endpointSelector: { matchLabels: { app: web } }
  ${direction}: [{ toPorts: [{ ports: [{ port: "80", protocol: TCP }], ${rules} }] }]
`;

function read(text: string): ProgramDocument {
  return documentOf(readManifests([{ name: 'a.yaml', text }]));
}

const portRule = ({ policies }: ProgramDocument, list: 'ingress' | 'egress' = 'ingress') =>
  policies[0]?.[list]?.[0]?.toPorts?.[0];

describe('rules of layer 7 in manifests', () => {
  it('are read with every field that Cilium has for HTTP', () => {
    const http =
      '{ method: GET, path: /a.*, host: b, headers: ["X: y"], headerMatches: [{ name: Z, value: z, mismatch: ADD }] }';
    expect(portRule(read(policy(`rules: { http: [${http}] }`)))?.rules).toEqual({
      http: [
        {
          ...{ method: 'GET', path: '/a.*', host: 'b', headers: ['X: y'] },
          headerMatches: [{ name: 'Z', value: 'z', mismatch: 'ADD' }],
        },
      ],
    });
  });

  it('are read for names of the DNS and of TLS', () => {
    const dns = read(policy('rules: { dns: [{ matchPattern: "*.a.b" }] }', 'egress'));
    expect(portRule(dns, 'egress')?.rules).toEqual({ dns: [{ matchPattern: '*.a.b' }] });
    expect(portRule(read(policy('serverNames: [a.b]')))?.serverNames).toEqual(['a.b']);
  });

  it('say nothing where their lists are empty, as in Cilium', () => {
    expect(portRule(read(policy('rules: { http: [] }')))).not.toHaveProperty('rules');
    expect(portRule(read(policy('serverNames: []')))).not.toHaveProperty('serverNames');
  });

  it.each([
    ['rules: { kafka: [{}] }', /rules\.kafka is not supported/],
    ['rules: { http: [{ pth: / }] }', /pth is no field/],
    ['rules: { http: [{ headerMatches: [{ name: a, mismatch: DROP }] }] }', /unknown value/],
    ['rules: { http: [{ headerMatches: [{ name: a, secret: { name: s } }] }] }', /secret/],
    ['terminatingTLS: { secret: { name: s } }', /terminatingTLS is not supported/],
  ])('are refused by their place: %s', (rules, message) => {
    expect(() => read(policy(rules))).toThrow(message);
  });

  it('come back from an export as they were', () => {
    const document = read(policy('rules: { http: [{ method: GET, path: "/v1/.*" }] }'));
    const { manifests, errors } = manifestsOf(document, 'cilium');
    expect(errors).toEqual([]);
    expect(portRule(read(yamlOf(manifests)))).toEqual(portRule(document));
  });

  it('are not to be had as policies of Kubernetes', () => {
    const { errors } = manifestsOf(read(policy('rules: { http: [{}] }')), 'kubernetes');
    expect(errors.map(({ message }) => message).join()).toContain('rules of layer 7');
  });
});
