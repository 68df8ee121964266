import type { Row } from '../../src/state/codec.js';
import { DIRECTION, VERDICT, type Direction, type MapName } from '../../src/state/layout.js';
import type { PROXY_MODE } from '../../src/state/proxy-names.js';

/** An endpoint of the node: a device and up to one address of each family. */
export interface WorldEndpoint {
  readonly device: string;
  readonly identity: number;
  readonly policySet: number;
  /** Default 0. */
  readonly flags?: number;
  readonly address4?: string;
  readonly address6?: string;
  readonly mac?: string;
  readonly hostMac?: string;
}

export interface WorldRef {
  readonly version: number;
  readonly direction: Direction;
  /** 0 is the default. */
  readonly class: number;
  readonly table: number;
}

/** Without a protocol: any. Without a port: all of the protocol. `bits` of the port count; default 16. */
export interface WorldEntry {
  readonly table: number;
  readonly protocol?: number;
  readonly port?: number;
  readonly bits?: number;
  readonly verdict: keyof typeof VERDICT;
  readonly flags?: number;
  readonly listener?: number;
}

export interface WorldBackend {
  readonly address: string;
  readonly port: number;
}

/** One slot for each back-end. */
export interface WorldService {
  readonly address: string;
  readonly port: number;
  /** Default TCP. */
  readonly protocol?: number;
  readonly backends: readonly WorldBackend[];
  /** Still members, but not for new flows. */
  readonly draining?: readonly WorldBackend[];
  /** Default of both: one more than the place in the list. */
  readonly set?: number;
  readonly id?: number;
  readonly flags?: number;
  /** Default 0. */
  readonly scope?: number;
  /** Seconds. */
  readonly affinity?: number;
}

/** All that the datapath knows, in plain values. What is left out is empty. */
export interface World {
  /** Flags of plumb_config. */
  readonly flags?: number;
  /** Of plumb_config; default: no policy is about the node itself. */
  readonly hostPolicySet?: number;
  /** Of plumb_config: devices that are the ways to the proxy; default: there are none. */
  readonly proxyEgress?: string;
  readonly proxyIngress?: string;
  /** Of plumb_config; default `socket`. */
  readonly proxyMode?: keyof typeof PROXY_MODE;
  /** Of plumb_config: the device of tunnels; default: there is none. */
  readonly tunnelDevice?: string;
  readonly endpoints?: readonly WorldEndpoint[];
  /** Address -> identity. */
  readonly ipcache?: Readonly<Record<string, number>>;
  /** Address of the ipcache -> address of the node that it is behind; default: behind none. */
  readonly tunnels?: Readonly<Record<string, string>>;
  /** Prefix (`10.0.0.0/8`) -> identity. */
  readonly prefixes?: Readonly<Record<string, number>>;
  /** Identity -> class. */
  readonly classes?: Readonly<Record<number, number>>;
  readonly heads?: readonly { buffer: 0 | 1; policySet: number; version: number }[];
  readonly refs?: readonly WorldRef[];
  readonly tables?: readonly WorldEntry[];
  readonly services?: readonly WorldService[];
}

const IPV4_MAPPED_BITS = 96;

/** Rows of every map that a world fills, in State form; `plumb_config` is written apart. */
export function rowsOf(world: World): Partial<Record<MapName, Row[]>> {
  const { endpoints = [], ipcache = {}, tunnels = {}, prefixes = {}, classes = {} } = world;
  return {
    plumb_devices: endpoints.map(deviceRow),
    plumb_endpoints: endpoints.flatMap(endpointRows),
    plumb_ipcache: Object.entries(ipcache).map(([address, identity]) => ({
      key: { address },
      value: { identity, tunnel: tunnels[address] ?? '::' },
    })),
    plumb_ipcache_lpm: Object.entries(prefixes).map(([prefix, identity]) => ({
      key: prefixKey(prefix),
      value: { identity },
    })),
    plumb_classes: Object.entries(classes).map(([identity, id]) => ({
      key: { identity: Number(identity) },
      value: { class: id },
    })),
    plumb_heads: (world.heads ?? []).map(({ buffer, policySet, version }) => ({
      key: { buffer, policySet },
      value: { version },
    })),
    plumb_refs: (world.refs ?? []).map((ref) => ({
      key: { version: ref.version, direction: DIRECTION[ref.direction], class: ref.class },
      value: { table: ref.table },
    })),
    plumb_tables: (world.tables ?? []).map(tableRow),
    ...serviceRows(world.services ?? []),
  };
}

/** Rows of services, as `plumb_services`, `plumb_backends` and `plumb_members` have them. */
export function serviceRows(services: readonly WorldService[]): Partial<Record<MapName, Row[]>> {
  const numbered = services.map((service, i) => ({ set: i + 1, id: i + 1, ...service }));
  return {
    plumb_services: [
      ...numbered.map(
        ({ address, port, protocol = 6, scope = 0, id, set, backends, flags, affinity }) => ({
          key: { address, port, protocol, scope },
          value: { id, set, slots: backends.length, flags: flags ?? 0, affinity: affinity ?? 0 },
        }),
      ),
      ...[...new Set(services.map(({ address }) => address))].map((address) => ({
        key: { address, port: 0, protocol: 0, scope: 0 },
        value: {},
      })),
    ],
    plumb_backends: numbered.flatMap(({ set, backends }) =>
      backends.map((value, slot) => ({ key: { set, slot }, value: { ...value } })),
    ),
    plumb_members: numbered.flatMap(({ set, backends, draining = [] }) =>
      [...backends, ...draining].map((backend) => ({ key: { set, ...backend }, value: {} })),
    ),
  };
}

function deviceRow({ device, identity, policySet, flags = 0, ...at }: WorldEndpoint): Row {
  return {
    key: { device },
    value: {
      identity,
      policySet,
      flags,
      address4: at.address4 ?? '::',
      address6: at.address6 ?? '::',
    },
  };
}

function endpointRows(endpoint: WorldEndpoint): Row[] {
  const { device, identity, policySet, flags = 0, address4, address6 } = endpoint;
  const { mac = '02:00:00:00:00:00', hostMac = '02:00:00:00:00:00' } = endpoint;
  return [address4, address6]
    .filter((address) => address !== undefined)
    .map((address) => ({
      key: { address },
      value: { device, identity, policySet, flags, mac, hostMac },
    }));
}

function prefixKey(prefix: string): Row['key'] {
  const [address = '', length] = prefix.split('/');
  const mapped = address.includes(':') ? 0 : IPV4_MAPPED_BITS;
  return { prefixLength: Number(length) + mapped, address };
}

function tableRow({ table, protocol, port, bits = 16, verdict, flags, listener }: WorldEntry): Row {
  const prefixLength = protocol === undefined ? 32 : port === undefined ? 48 : 48 + bits;
  return {
    key: { prefixLength, table, protocol: protocol ?? 0, port: port ?? 0 },
    value: { verdict: VERDICT[verdict], flags: flags ?? 0, listener: listener ?? 0 },
  };
}
