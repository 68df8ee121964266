import { describe, expect, it } from 'vitest';
import { compareAttributes } from '../../src/plan/differences.js';
import { parseEntriesKey } from '../../src/state/kinds/bpf-entries.js';
import { keyOf, resource } from '../../src/state/kinds.js';
import { EGRESS_BLOCK, INGRESS_BLOCK } from '../../src/state/layout.js';
import type { Attributes } from '../../src/state/state.js';

const veth: Attributes['link'] = {
  name: 'lxcxwing',
  type: 'veth',
  mac: '02:00:00:00:00:01',
  mtu: 1500,
  up: true,
  clsact: { ingressBlock: INGRESS_BLOCK, egressBlock: EGRESS_BLOCK },
  peer: { netns: 'xwing', name: 'eth0', mac: '02:00:00:00:00:02' },
};

describe('keys of resources', () => {
  it('are as ARCHITECTURE.md has them', () => {
    const mac = '02:00:00:00:00:01';
    const netns = 'xwing';
    expect([
      keyOf('netns', { name: 'xwing' }),
      keyOf('link', veth),
      keyOf('address', { device: 'plumb0', address: '10.1.0.1/32' }),
      keyOf('address', { netns, device: 'eth0', address: '10.1.0.31/32' }),
      keyOf('route', { netns, destination: '10.1.0.1/32', device: 'eth0', table: 254 }),
      keyOf('route', {
        netns,
        destination: '0.0.0.0/0',
        device: 'eth0',
        gateway: '10.1.0.1',
        table: 254,
      }),
      keyOf('route', { destination: '10.1.0.31/32', device: 'lxcxwing', table: 254 }),
      keyOf('route', { destination: '::/0', device: 'lo', table: 100 }),
      keyOf('neighbor', { netns, device: 'eth0', address: '10.1.0.1', mac }),
      keyOf('neighbor', { device: 'lxcxwing', address: '10.1.0.31', mac }),
      keyOf('bpf-link', { attach: 'tc-block', block: INGRESS_BLOCK, program: 'from_endpoint' }),
      keyOf('bpf-link', { attach: 'tc-block', block: EGRESS_BLOCK, program: 'to_endpoint' }),
    ]).toEqual([
      'xwing',
      'lxcxwing',
      'plumb0/10.1.0.1/32',
      'xwing:eth0/10.1.0.31/32',
      'xwing:10.1.0.1/32 dev eth0',
      'xwing:0.0.0.0/0 via 10.1.0.1',
      '10.1.0.31/32 dev lxcxwing',
      '::/0 dev lo table 100',
      'xwing:eth0/10.1.0.1',
      'lxcxwing/10.1.0.31',
      'tc-block/ingress',
      'tc-block/egress',
    ]);
  });

  it('do not depend on how an address is written', () => {
    const address = { device: 'plumb0', address: 'FD00:0:0::1/128' };
    expect(resource('address', address)).toEqual(
      resource('address', { device: 'plumb0', address: 'fd00::1' }),
    );
    expect(() => resource('address', { device: 'plumb0', address: '10.1.0.1/33' })).toThrow(
      RangeError,
    );
    expect(() => resource('neighbor', { ...address, address: '10.1.0.1', mac: 'x' })).toThrow(
      'MAC',
    );
  });

  it('of entries name a map of a state, and its group where it has groups', () => {
    expect(parseEntriesKey('plumb_refs/0000000a')).toEqual({ map: 'plumb_refs', group: 10 });
    expect(parseEntriesKey('plumb_ipcache')).toEqual({ map: 'plumb_ipcache' });
    expect(parseEntriesKey('plumb_heads/previous')).toEqual({ map: 'plumb_heads' });
    for (const key of [
      'plumb_refs',
      'plumb_refs/xyz',
      'plumb_ipcache/00000001',
      'plumb_conntrack',
      'x',
    ]) {
      expect(parseEntriesKey(key)).toBeUndefined();
    }
  });
});

describe('comparing attributes', () => {
  it('finds none between equal ones, however they are written', () => {
    expect(compareAttributes('link', veth, { ...veth, mac: veth.mac.toUpperCase() })).toEqual({
      change: 'same',
      differs: [],
    });
  });

  it('changes in place what the kernel can, and replaces what it cannot', () => {
    const link = (change: Partial<Attributes['link']>) =>
      compareAttributes('link', veth, { ...veth, ...change });
    const { name, type, mac: own, mtu, up } = veth;
    const bare = { name, type, mac: own, mtu, up };
    const mac = '02:00:00:00:00:09';
    expect(link({ mtu: 1400, mac, up: false })).toEqual({
      change: 'update',
      differs: ['mac', 'mtu', 'up'],
    });
    expect(
      compareAttributes('link', bare, { ...bare, clsact: { ingressBlock: 1, egressBlock: 2 } }),
    ).toEqual({
      change: 'update',
      differs: ['clsact'],
    });
    expect(link({ type: 'dummy' })).toEqual({ change: 'replace', differs: ['type'] });
    expect(link({ peer: { netns: 'xwing', name: 'eth1', mac } })).toEqual({
      change: 'replace',
      differs: ['peer.mac', 'peer.name'],
    });
    const map = {
      name: 'plumb_refs',
      type: 'hash',
      keySize: 12,
      valueSize: 4,
      maxEntries: 8,
    } as const;
    expect(compareAttributes('bpf-map', map, { ...map, maxEntries: 9 })).toEqual({
      change: 'replace',
      differs: ['maxEntries'],
    });
    const program = { name: 'from_endpoint', object: 'a', features: { ipv6: true } };
    expect(
      compareAttributes('bpf-program', program, { ...program, features: { ipv6: false } }),
    ).toEqual({
      change: 'update',
      differs: ['features.ipv6'],
    });
    const filter = { attach: 'tc-block', block: INGRESS_BLOCK, program: 'from_endpoint' } as const;
    expect(compareAttributes('bpf-link', { ...filter, program: '?0a' }, filter)).toEqual({
      change: 'update',
      differs: ['program'],
    });
  });
});
