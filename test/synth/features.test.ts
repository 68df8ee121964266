import { describe, expect, test } from 'vitest';
import type { Listener } from '../../src/model/l7.js';
import type { NodeSpec, ProgramDocument } from '../../src/model/program.js';
import { neighborhoodOf } from '../../src/synth/cluster.js';
import { featuresFor, notesOf, switchesOf } from '../../src/synth/features.js';

const node: NodeSpec = {
  origin: { path: 'hoth' },
  name: 'hoth',
  podCIDRs: ['10.1.0.0/24'],
  gateways: ['10.1.0.1'],
  addresses: ['192.0.2.1'],
  allowLocalhost: true,
  enforcement: 'default',
  mtu: 1500,
};
const empty: ProgramDocument = {
  version: 1,
  nodes: [node],
  endpoints: [],
  policies: [],
  services: [],
};
const service = {
  origin: { path: 'web' },
  name: 'web',
  addresses: ['10.96.0.1'],
  ports: [{ port: 80, targetPort: 80, protocol: 'TCP' as const }],
  backends: [],
  algorithm: 'random' as const,
  affinity: 0,
};
const cluster = (mode: 'tunnel' | 'routes') => ({ name: 'rebels', mode, tunnelPort: 8472 });
const listener = (id: number): Listener => {
  return { id, protocol: 'http', direction: 'ingress', rules: [] } as unknown as Listener;
};
const far: NodeSpec = {
  ...node,
  name: 'endor',
  podCIDRs: ['10.2.0.0/24'],
  gateways: ['10.2.0.1'],
  addresses: ['192.0.2.2'],
};
const withNode = (more: Partial<NodeSpec>, others: readonly NodeSpec[] = []): ProgramDocument => ({
  ...empty,
  nodes: [{ ...node, ...more }, ...others],
});

function featuresOf(program: ProgramDocument, listeners: readonly Listener[] = []) {
  const [first = node] = program.nodes;
  return featuresFor(first, program, neighborhoodOf(first, program), listeners);
}

test('a program that uses nothing gets events and counters, and nothing else', () => {
  expect(switchesOf(featuresOf(empty))).toEqual({
    events: true,
    ipv6: false,
    metrics: true,
    proxy: false,
    services: false,
    tunnel: false,
  });
});

interface Case {
  readonly name: string;
  readonly off: ProgramDocument;
  readonly why: string;
  readonly on: ProgramDocument;
  readonly listeners?: readonly Listener[];
  readonly whyOn: string;
}

describe.each<Case>([
  {
    name: 'events',
    off: withNode({ events: false }),
    why: 'without events: events is false',
    on: empty,
    whyOn: 'with events: drops are told',
  },
  {
    name: 'ipv6',
    off: empty,
    why: 'without ipv6: no range is IPv6',
    on: withNode({ podCIDRs: ['10.1.0.0/24', 'fd01::/64'] }),
    whyOn: 'with ipv6: range fd01::/64',
  },
  {
    name: 'services',
    off: empty,
    why: 'without services: there is no service',
    on: { ...empty, services: [service] },
    whyOn: 'with services: service web',
  },
  {
    name: 'proxy',
    off: empty,
    why: 'without proxy: no rule is of layer 7',
    on: empty,
    listeners: [listener(1)],
    whyOn: 'with proxy: 1 listener of layer 7',
  },
  {
    name: 'proxy',
    off: empty,
    why: 'without proxy: no rule is of layer 7',
    on: empty,
    listeners: [listener(1), listener(2)],
    whyOn: 'with proxy: 2 listeners of layer 7',
  },
  {
    name: 'tunnel',
    off: withNode({ cluster: cluster('routes') }, [{ ...far, cluster: cluster('routes') }]),
    why: 'without tunnel: no node is behind a tunnel',
    on: withNode({ cluster: cluster('tunnel') }, [{ ...far, cluster: cluster('tunnel') }]),
    whyOn: 'with tunnel: cluster rebels of 2 nodes',
  },
])('$name', ({ name, off, why, on, listeners, whyOn }) => {
  test(`is off where nothing uses it: ${why}`, () => {
    const features = featuresOf(off);
    expect(switchesOf(features)[name]).toBe(false);
    expect(notesOf(features)[`features.${name}`]).toBe(why);
  });

  test(`is on where something does: ${whyOn}`, () => {
    const features = featuresOf(on, listeners);
    expect(switchesOf(features)[name]).toBe(true);
    expect(notesOf(features)[`features.${name}`]).toBe(whyOn);
  });

  test('changes no other switch', () => {
    const rest = (switches: object) => Object.entries(switches).filter(([other]) => other !== name);
    const [before, after] = [featuresOf(off), featuresOf(on, listeners)];
    expect(rest(switchesOf(after))).toEqual(rest(switchesOf(before)));
  });
});
