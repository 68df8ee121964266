import { RESERVED } from '../../src/model/identity.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { entries, type OriginRow } from '../../src/state/kinds/bpf-entries.js';
import { CONFIG_ALLOW_LOCALHOST, type MapName } from '../../src/state/layout.js';
import type { EntriesResource } from '../../src/state/state.js';
import { policyEntries } from '../../src/synth/policy-entries.js';

const MAC = '02:00:00:00:00:01';

/** Where one identity is; a local one has a twin beside it, so that it can talk to its own kind. */
export interface Place {
  readonly identity: number;
  readonly device: string;
  readonly isLocal: boolean;
  readonly addresses: { readonly 4: string; readonly 6: string };
}

/** A policy and those that it is about, as rows of maps. */
export function policyRows(compiled: CompiledPolicy, places: readonly Place[]): EntriesResource[] {
  return [...policyEntries(compiled, { path: 'agreement' }), ...addressing(compiled, places)];
}

function addressing(compiled: CompiledPolicy, places: readonly Place[]): EntriesResource[] {
  const local = places.filter(({ isLocal }) => isLocal);
  const here = ({ identity }: Place) => ({
    identity,
    policySet: compiled.policySets.get(identity) ?? 0,
  });
  const flags = compiled.allowLocalhost ? CONFIG_ALLOW_LOCALHOST : 0;
  const hostPolicySet = compiled.policySets.get(RESERVED.host) ?? 0;
  const rows: [MapName, OriginRow[]][] = [
    ['plumb_config', [{ key: { index: 0 }, value: { flags, hostPolicySet } }]],
    [
      'plumb_devices',
      local.map((place) => ({
        key: { device: place.device },
        value: { ...here(place), address4: place.addresses[4], address6: place.addresses[6] },
      })),
    ],
    [
      'plumb_endpoints',
      local.flatMap((place) =>
        Object.values(place.addresses).map((address) => ({
          key: { address },
          value: { device: place.device, ...here(place), mac: MAC, hostMac: MAC },
        })),
      ),
    ],
    [
      'plumb_ipcache',
      [...places, ...reservedPlaces()].flatMap(({ identity, addresses }) =>
        Object.values(addresses).map((address) => ({ key: { address }, value: { identity } })),
      ),
    ],
    [
      'plumb_ipcache_lpm',
      compiled.prefixes.map(({ prefix, identity }) => {
        const [address = '', length = ''] = prefix.split('/');
        const prefixLength = Number(length) + (address.includes(':') ? 0 : 96);
        return { key: { prefixLength, address }, value: { identity } };
      }),
    ],
    [
      'plumb_classes',
      [...compiled.classes].map(([identity, id]) => ({ key: { identity }, value: { class: id } })),
    ],
  ];
  return rows.map(([map, list]) => entries(map, list));
}

/** Addresses of identities that are known by name: what an ipcache says of hosts and their like. */
export function reservedPlaces(): Place[] {
  return Object.values(RESERVED).map((identity) => ({
    identity,
    device: '',
    isLocal: false,
    addresses: { 4: `172.31.0.${String(identity)}`, 6: `fd98::${String(identity)}` },
  }));
}
