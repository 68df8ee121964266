import { describe, expect, it } from 'vitest';
import { isNameIdentity, LOCAL_IDENTITY_MAX, NODE_IDENTITY_MIN } from '../../src/model/identity.js';
import type { PolicySpec } from '../../src/model/program.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { fqdnSelectors } from '../../src/policy/fqdn.js';
import { namePeers } from '../../src/policy/name-peers.js';
import { matchesEntity } from '../../src/policy/peers.js';
import { decide } from '../../src/verdict/decide.js';
import { Cluster } from './worlds.js';

const cluster = new Cluster({ web: { app: 'web' } });
const policies: PolicySpec[] = [
  {
    name: 'p',
    origin: { path: 'p' },
    endpointSelector: {},
    egress: [
      { fqdns: [{ matchPattern: '*.empire.test' }] },
      { fqdns: [{ matchName: 'yavin.test' }], toPorts: [{ ports: [{ port: 443 }] }] },
      { entities: ['cluster'] },
    ],
  },
];
const selectors = fqdnSelectors(policies);
const first = [{ name: 'executor.empire.test', addresses: ['192.0.2.1'] }];
const second = [...first, { name: 'yavin.test', addresses: ['192.0.2.1', '2001:db8::1'] }];

describe('what the kernel is to know of names', () => {
  it('has identities of their own range, of which no entity of the cluster is', () => {
    const { unknown, classes } = namePeers(selectors, cluster.compile(policies), second);
    const all = [...classes.keys(), ...unknown.map(({ id }) => id)];
    expect(all).toHaveLength(2);
    for (const id of all) {
      expect(isNameIdentity(id)).toBe(true);
      expect(id & NODE_IDENTITY_MIN).toBe(0);
      expect(id).toBeGreaterThan(LOCAL_IDENTITY_MAX);
    }
    for (const identity of unknown) {
      expect(matchesEntity('cluster', identity)).toBe(false);
      expect(matchesEntity('world', identity)).toBe(true);
    }
  });

  it('leaves out whose class there is no compile for, and knows it after one', () => {
    const compiled = cluster.compile(policies);
    const before = namePeers(selectors, compiled, second);
    expect(before.unknown.length).toBeGreaterThan(0);
    for (const { id } of before.unknown) expect([...before.peers.values()]).not.toContain(id);
    const again = compilePolicy({
      policies,
      identities: [...cluster.identities, ...before.unknown],
      subjects: [cluster.id('web')],
      node: { enforcement: 'default', allowLocalhost: false },
    });
    const after = namePeers(selectors, again, second);
    expect(after.unknown).toEqual([]);
    expect([...after.peers.keys()].sort()).toEqual(['192.0.2.1', '2001:db8::1']);
    const reach = (address: string, port: number) =>
      decide(
        again,
        { identity: cluster.id('web'), isLocal: true },
        { identity: after.peers.get(address) ?? 0, isLocal: false },
        6,
        port,
      ).allowed;
    expect(reach('192.0.2.1', 80)).toBe(true);
    expect(reach('2001:db8::1', 80)).toBe(false);
    expect(reach('2001:db8::1', 443)).toBe(true);
  });

  it('is nothing where no rule asks for names', () => {
    const compiled = cluster.compile([]);
    expect(namePeers([], compiled, second)).toEqual({
      ...{ peers: new Map(), classes: new Map(), unknown: [] },
    });
  });
});
