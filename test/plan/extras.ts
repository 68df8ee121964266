import fc from 'fast-check';
import type { Row } from '../../src/state/codec.js';
import { normalizeState } from '../../src/state/canonical.js';
import { entries } from '../../src/state/kinds/bpf-entries.js';
import { resource } from '../../src/state/kinds.js';
import { PROXY_VERSION } from '../../src/state/proxy-names.js';
import type { Attributes, Resource, State } from '../../src/state/state.js';
import { hash } from './world.js';

/** What a node may have besides its endpoints and their policy. */
export interface Extras {
  readonly masquerade: readonly string[];
  /** Devices with programs of the node. */
  readonly uplinks: readonly string[];
  readonly rpFilter: string | undefined;
  readonly priorities: readonly number[];
  readonly proxy: { mode: Attributes['proxy']['mode']; listeners: readonly number[] } | undefined;
  /** Last byte of each service's address -> those of its back-ends. */
  readonly services: Readonly<Record<string, readonly number[]>>;
}

const few = (max: number) => fc.uniqueArray(fc.integer({ min: 1, max }), { maxLength: 3 });

export const extras: fc.Arbitrary<Extras> = fc.record({
  masquerade: fc.subarray(['10.1.0.0/24', '10.2.0.0/24']),
  uplinks: fc.subarray(['eth8', 'eth9']),
  rpFilter: fc.option(fc.constantFrom('0', '2'), { nil: undefined }),
  priorities: fc.subarray([100, 101, 102]),
  proxy: fc.option(
    fc.record({ mode: fc.constantFrom('socket', 'tproxy', 'nat'), listeners: few(4) }),
    { nil: undefined },
  ),
  services: fc.dictionary(fc.constantFrom('1', '2', '3'), few(5), { maxKeys: 3 }),
});

/** A state of a node with these as well. */
export function withExtras(state: State, given: Extras): State {
  const more = [
    ...given.priorities.map((priority) =>
      resource('rule', { family: 'inet', priority, table: 2004, fwmark: 0x200, fwmask: 0xf00 }),
    ),
    ...(given.rpFilter === undefined
      ? []
      : [resource('sysctl', { name: 'net/ipv4/conf/plumb0/rp_filter', value: given.rpFilter })]),
    ...(given.masquerade.length === 0 ? [] : [nft(given.masquerade)]),
    ...given.uplinks.flatMap(uplink),
    ...(given.proxy === undefined ? [] : [proxy(given.proxy)]),
    ...services(given.services),
  ];
  return normalizeState({ ...state, resources: [...state.resources, ...more] });
}

function nft(ranges: readonly string[]): Resource {
  const chain = { name: 'leave', type: 'nat', hook: 'postrouting', prio: 100 } as const;
  const rules = ranges.map((range) => ({
    chain: 'leave',
    expr: [{ match: { op: '==', left: 'saddr', right: range } }, { masquerade: null }],
  }));
  const chains = [{ ...chain, policy: 'accept' as const }];
  return resource('nft-table', { family: 'ip', name: 'plumb', chains, rules });
}

function uplink(device: string): Resource[] {
  const link = (direction: 'ingress' | 'egress', program: string): Resource =>
    resource('bpf-link', { attach: 'tcx', device, direction, program });
  return [link('ingress', 'from_endpoint'), link('egress', 'to_endpoint')];
}

function proxy({ mode, listeners }: NonNullable<Extras['proxy']>): Resource {
  const rules = [{ method: 'GET' }];
  return resource('proxy', {
    ...{ version: PROXY_VERSION, mode, running: true },
    ...(mode === 'socket' ? { netns: 'plumb-proxy' } : {}),
    ...(mode === 'nat' ? { cgroup: 'plumb' } : {}),
    listeners: listeners.map((id) => ({ id, protocol: 'http', direction: 'ingress', rules })),
  });
}

function services(given: Extras['services']): Resource[] {
  const rows: Row[] = [];
  const sets = new Map<number, Resource[]>();
  for (const [name, backends] of Object.entries(given)) {
    const set = hash(['set', backends]);
    rows.push({
      key: { address: `10.96.0.${name}`, port: 80, protocol: 6, scope: 0 },
      value: { id: Number(name), set, slots: backends.length },
    });
    if (backends.length === 0) continue;
    const addresses = backends.map((last) => ({ address: `10.1.0.${String(last)}`, port: 8080 }));
    const slots = addresses.map((value, slot) => ({ key: { set, slot }, value }));
    const members = addresses.map((key) => ({ key: { set, ...key }, value: { flags: 0 } }));
    sets.set(set, [
      entries('plumb_backends', slots, { group: set }),
      entries('plumb_members', members, { group: set }),
    ]);
  }
  return [
    ...(rows.length === 0 ? [] : [entries('plumb_services', rows)]),
    ...[...sets.values()].flat(),
  ];
}
