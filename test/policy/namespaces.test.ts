import { describe, expect, it } from 'vitest';
import { canonicalSelector, canonicalSources } from '../../src/model/label-source.js';
import { namespaceLabels } from '../../src/model/namespace.js';
import { validatePolicies } from '../../src/policy/validate.js';
import { Cluster } from './worlds.js';

const inside = (namespace: string, app: string, team: string) => ({
  app,
  ...namespaceLabels(namespace, { team }),
});
const cluster = new Cluster({
  web: inside('shop', 'web', 'red'),
  cart: inside('shop', 'cart', 'red'),
  report: inside('office', 'report', 'red'),
  guest: inside('lobby', 'cart', 'blue'),
  nowhere: { app: 'cart' },
});
const everybody = ['web', 'cart', 'report', 'guest', 'nowhere', 'host', 'world-ipv4'];
const from = (...endpoints: object[]) => [{ endpoints }];
const reachWeb = (policy: object) => {
  const endpointSelector = { matchLabels: { app: 'web' } };
  const compiled = cluster.compile([{ endpointSelector, ...policy }]);
  return cluster.reaching(compiled, everybody, 'web');
};

describe('a policy of a namespace', () => {
  it('means with [{}] its own namespace', () => {
    expect(reachWeb({ namespace: 'shop', ingress: from({}) })).toEqual(['web', 'cart']);
  });

  it('means with a selector without a namespace those of its own', () => {
    const ingress = from({ matchLabels: { app: 'cart' } });
    expect(reachWeb({ namespace: 'shop', ingress })).toEqual(['cart']);
  });

  it('reaches into another namespace that a selector names, by name or by a label of it', () => {
    const byName = from({ matchLabels: { 'io.kubernetes.pod.namespace': 'office' } });
    expect(reachWeb({ namespace: 'shop', ingress: byName })).toEqual(['report']);
    const byLabel = from({ matchLabels: { 'io.cilium.k8s.namespace.labels.team': 'red' } });
    expect(reachWeb({ namespace: 'shop', ingress: byLabel })).toEqual(['web', 'cart', 'report']);
  });

  it('adds no namespace to a selector of hosts and their like', () => {
    const ingress = from({ matchLabels: { 'reserved:host': '' } });
    expect(reachWeb({ namespace: 'shop', ingress })).toEqual(['host']);
  });

  it('stays inside it with a selector that only says what a peer is not', () => {
    const matchExpressions = [{ key: 'reserved:host', operator: 'DoesNotExist' }];
    expect(reachWeb({ namespace: 'shop', ingress: from({ matchExpressions }) })).toEqual([
      'web',
      'cart',
    ]);
  });

  it('has subjects there alone', () => {
    expect(reachWeb({ namespace: 'lobby', ingress: [{}] })).toEqual(everybody);
  });

  it('does not touch peers that are named otherwise', () => {
    expect(reachWeb({ namespace: 'shop', ingress: [{ entities: ['cluster'] }] })).toEqual(
      everybody.filter((name) => name !== 'world-ipv4'),
    );
  });
});

describe('a cluster-wide policy', () => {
  it('means with [{}] all endpoints in any namespace, not the host or the world', () => {
    expect(reachWeb({ ingress: from({}) })).toEqual(['web', 'cart', 'report', 'guest', 'nowhere']);
  });

  it('takes a selector for what it says', () => {
    expect(reachWeb({ ingress: from({ matchLabels: { app: 'cart' } }) })).toEqual([
      'cart',
      'guest',
      'nowhere',
    ]);
  });
});

describe('validation', () => {
  const check = (spec: object) =>
    validatePolicies(
      [{ name: 'p', origin: { path: 'p', line: 4 }, endpointSelector: {}, ...spec }],
      cluster.identities,
    );

  it('refuses subjects in another namespace than the policy, with its line', () => {
    const matchLabels = { 'io.kubernetes.pod.namespace': 'office' };
    expect(check({ namespace: 'shop', endpointSelector: { matchLabels } })).toMatchObject([
      { code: 'PLB_NAMESPACE', origin: { line: 4 } },
    ]);
  });

  it('refuses a namespace that cannot be a label', () => {
    expect(check({ namespace: 'no name' })).toMatchObject([{ code: 'PLB_NAMESPACE' }]);
  });

  it('takes labels of namespaces for known ones', () => {
    const ingress = from({ matchLabels: { 'io.cilium.k8s.namespace.labels.team': 'red' } });
    expect(check({ namespace: 'shop', ingress })).toEqual([]);
  });
});

describe('sources of labels', () => {
  it('k8s and any in front of a key mean the key', () => {
    expect(
      canonicalSelector({
        matchLabels: { 'k8s:app': 'web' },
        matchExpressions: [{ key: 'any:env', operator: 'Exists' }],
      }),
    ).toEqual({
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'env', operator: 'Exists' }],
    });
  });

  it('other sources are part of the key', () => {
    const selector = { matchLabels: { 'reserved:host': '' } };
    expect(canonicalSelector(selector)).toEqual(selector);
  });

  it('a key that is there with two sources still asks for both values', () => {
    expect(canonicalSelector({ matchLabels: { 'k8s:app': 'a', app: 'b' } })).toEqual({
      matchLabels: { app: 'a' },
      matchExpressions: [{ key: 'app', operator: 'In', values: ['b'] }],
    });
  });

  it('endpoints, subjects and peers of a document all lose them', () => {
    const origin = { path: 'x' };
    const document = canonicalSources({
      version: 1,
      nodes: [],
      services: [],
      endpoints: [
        { origin, name: 'e', node: 'n', labels: { 'k8s:app': 'a' }, addresses: [], netns: 'e' },
      ],
      policies: [
        {
          origin,
          name: 'p',
          endpointSelector: { matchLabels: { 'k8s:app': 'a' } },
          egressDeny: [{ endpoints: [{ matchLabels: { 'any:app': 'a' } }] }],
        },
      ],
    });
    expect(document.endpoints[0]?.labels).toEqual({ app: 'a' });
    expect(document.policies[0]).toMatchObject({
      endpointSelector: { matchLabels: { app: 'a' } },
      egressDeny: [{ endpoints: [{ matchLabels: { app: 'a' } }] }],
    });
  });
});
