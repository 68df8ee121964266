import { describe, expect, it } from 'vitest';
import type { NodeSpec, PolicySpec } from '../../src/model/program.js';
import { validatePolicies } from '../../src/policy/validate.js';
import { explainDirection } from '../../src/verdict/explain.js';
import { Cluster, TCP } from './worlds.js';

const cluster = new Cluster({ web: { app: 'web' } });
const node = { enforcement: 'default', allowLocalhost: true, labels: { role: 'edge' } } as const;
const compile = (...policies: Partial<PolicySpec>[]) => cluster.compile(policies, { node });

const edge: Partial<PolicySpec> = {
  nodeSelector: { matchLabels: { role: 'edge' } },
  ingress: [{ entities: ['world'], toPorts: [{ ports: [{ port: 22, protocol: 'TCP' }] }] }],
};

describe('a policy about nodes', () => {
  it('is asked at the node, in the direction that it has rules for', () => {
    const compiled = compile(edge);
    const allowed = (from: string, to: string, port: number) =>
      cluster.decide(compiled, from, to, port).allowed;
    expect(allowed('world-ipv4', 'host', 22)).toBe(true);
    expect(allowed('world-ipv4', 'host', 80)).toBe(false);
    expect(allowed('web', 'host', 22)).toBe(false);
    expect(allowed('host', 'world-ipv4', 80)).toBe(true);
  });

  it('gives the node a policy set, and none without it', () => {
    expect(compile(edge).policySets.has(cluster.id('host'))).toBe(true);
    expect(compile().policySets.has(cluster.id('host'))).toBe(false);
  });

  it('is not about nodes of other labels, nor about endpoints of these', () => {
    const other = { ...edge, nodeSelector: { matchLabels: { role: 'core' } } };
    expect(compile(other).policySets.has(cluster.id('host'))).toBe(false);
    const everyNode = compile({ ...edge, nodeSelector: {} });
    expect(cluster.decide(everyNode, 'world-ipv4', 'web', 80).allowed).toBe(true);
  });

  it('leaves what the node may do to its own endpoints alone', () => {
    const closed = { endpointSelector: {}, ingress: [{}] };
    expect(cluster.decide(compile(edge, closed), 'host', 'web', 80).allowed).toBe(true);
  });

  it('is no subject of policies about endpoints', () => {
    const compiled = compile({ endpointSelector: {}, ingress: [{}] });
    expect(cluster.decide(compiled, 'world-ipv4', 'host', 80).allowed).toBe(true);
  });
});

describe('validation of subjects', () => {
  const labels: Pick<NodeSpec, 'labels'>[] = [{ labels: { role: 'edge' } }];
  const codes = (spec: Partial<PolicySpec>) =>
    validatePolicies(
      [{ name: 'p', origin: { path: 'p' }, ...spec }],
      cluster.identities,
      labels,
    ).map(({ code }) => code);

  it('takes labels of nodes', () => {
    expect(codes(edge)).toEqual([]);
  });

  it.each<[string, string, Partial<PolicySpec>]>([
    ['nobody at all', 'PLB_SUBJECT', {}],
    ['endpoints and nodes', 'PLB_SUBJECT', { endpointSelector: {}, nodeSelector: {} }],
    ['nodes in a namespace', 'PLB_SUBJECT', { nodeSelector: {}, namespace: 'shop' }],
    [
      'nodes by a label that none has',
      'PLB_UNKNOWN_LABEL',
      { nodeSelector: { matchLabels: { rule: 'edge' } } },
    ],
  ])('refuses %s', (_, code, spec) => {
    expect(codes(spec)).toEqual([code]);
  });
});

describe('what a policy says of itself', () => {
  it('is in explanations of its rules and of its isolation', () => {
    const about = { description: 'shop only', labels: { ticket: 'A-1' }, log: { value: 'shop' } };
    const compiled = compile({
      endpointSelector: {},
      ...about,
      ingress: [{ entities: ['cluster'] }],
    });
    const set = compiled.policySets.get(cluster.id('web')) ?? 0;
    const peer = compiled.classes.get(cluster.id('web')) ?? 0;
    const said = explainDirection(compiled, 'ingress', set, peer, TCP, 80);
    const expected = { name: 'p0', ...about, log: 'shop' };
    expect(said).toMatchObject({ allows: [expected], isolates: [expected] });
  });

  it('changes nothing in the kernel', () => {
    const plain = compile({ endpointSelector: {}, ingress: [{}] });
    const told = compile({ endpointSelector: {}, ingress: [{}], log: { value: 'x' } });
    expect([...told.versions.keys()]).toEqual([...plain.versions.keys()]);
  });
});
