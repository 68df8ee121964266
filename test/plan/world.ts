import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { canonicalJson } from '../../src/state/canonical-json.js';
import { normalizeState } from '../../src/state/canonical.js';
import type { Row } from '../../src/state/codec.js';
import { keySize, valueSize } from '../../src/state/struct.js';
import { entries } from '../../src/state/kinds/bpf-entries.js';
import { resource } from '../../src/state/kinds.js';
import {
  DIRECTION,
  EGRESS_BLOCK,
  INGRESS_BLOCK,
  MAPS,
  VERDICT,
  type Direction,
  type MapName,
} from '../../src/state/layout.js';
import type { Resource, State } from '../../src/state/state.js';

/** A policy for a handful of endpoints, small enough to be judged by hand, compiled as the real one is. */
export interface World {
  /** Numbers of the endpoints that are there, 0-3; endpoint n has identity n % 3 + 1. */
  readonly endpoints: readonly number[];
  readonly rules: readonly WorldRule[];
  readonly allowLocalhost: boolean;
}

export interface WorldRule {
  /** Bit n: endpoint n. */
  readonly subject: number;
  readonly direction: Direction;
  /** Bits of identities 1-5, a prefix, or anybody. */
  readonly peer: number | string;
  readonly port: number;
  readonly allow: boolean;
}

export const PORTS = [80, 443] as const;
const CIDRS = ['10.9.0.0/16', '10.9.1.0/24', '10.9.2.0/24'] as const;
const WORLD = 9;
/** Addresses that packets come from or go to: of the identities, and inside and outside the prefixes. */
export const ADDRESSES = [1, 2, 3, 4, 5]
  .map((identity) => `10.2.0.${identity}`)
  .concat('10.9.1.1', '10.9.2.1', '10.9.3.1', '8.8.8.8');

export const world: fc.Arbitrary<World> = fc.record({
  endpoints: fc.uniqueArray(fc.nat(3), { maxLength: 4 }),
  rules: fc.array(
    fc.record({
      subject: fc.integer({ min: 1, max: 15 }),
      direction: fc.constantFrom<Direction>('ingress', 'egress'),
      peer: fc.oneof(
        fc.integer({ min: 1, max: 31 }),
        fc.constantFrom(...CIDRS),
        fc.constant('any'),
      ),
      port: fc.constantFrom(...PORTS),
      allow: fc.boolean(),
    }),
    { maxLength: 5 },
  ),
  allowLocalhost: fc.boolean(),
});

export function hash(value: unknown): number {
  return createHash('sha256').update(canonicalJson(value)).digest().readUInt32BE(0) || 1;
}

/** The desired state of a world: bare rows, and with `devices` all the rest of a node as well. */
export function compile(world: World, { devices = false } = {}): State {
  const here = [...world.endpoints].sort((a, b) => a - b);
  const rules = world.rules.filter((rule) => here.some((n) => subjectOf(rule, n)));
  const subjects = [...new Set(rules.map((rule) => rule.subject))].sort((a, b) => a - b);
  const peers = [...new Set(rules.map((rule) => rule.peer).filter((peer) => peer !== 'any'))];
  const cidrs = peers.filter((peer) => typeof peer === 'string').sort();

  const identities = new Map([1, 2, 3, 4, 5].map((n) => [n, matching(peers, n, [])]));
  identities.set(WORLD, []);
  const prefixes = new Map([['0.0.0.0/0', WORLD]]);
  for (const cidr of cidrs) {
    const holds = cidrs.filter((other) => cidr === other || other === CIDRS[0]);
    const identity = (1 << 24) + (hash(holds) & 0xffffff);
    prefixes.set(cidr, identity);
    identities.set(identity, matching(peers, undefined, holds));
  }
  const classes = new Map([...identities].map(([id, names]) => [id, hash(['class', ...names])]));

  const resources: Resource[] = [];
  const rows = (map: MapName, list: Row[], group?: number): void => {
    if (list.length > 0) resources.push(entries(map, list, group === undefined ? {} : { group }));
  };
  const heads = new Map<number, number>();
  const tables = new Map<number, Row[]>();
  const endpointRows: Row[] = [];
  const deviceRows: Row[] = [];
  for (const n of here) {
    const policySet = hash(['set', ...subjects.filter((mask) => subjectOf({ subject: mask }, n))]);
    const own = rules.filter((rule) => subjectOf(rule, n));
    const version = hash(['version', ...new Set(own.map((rule) => canonicalJson(rule)))].sort());
    const value = { identity: (n % 3) + 1, policySet };
    const macs = { mac: `02:00:00:00:00:0${n}`, hostMac: `02:00:00:00:01:0${n}` };
    endpointRows.push({
      key: { address: `10.1.0.${n + 10}` },
      value: { device: `lxc${n}`, ...value, ...macs },
    });
    deviceRows.push({
      key: { device: `lxc${n}` },
      value: { ...value, address4: `10.1.0.${n + 10}` },
    });
    if ([...heads.values()].includes(version)) {
      heads.set(policySet, version);
      continue;
    }
    heads.set(policySet, version);
    const refs: Row[] = [];
    for (const direction of ['ingress', 'egress'] as const) {
      const table = (names: readonly string[]): number => {
        const list = tableRows(own, direction, names);
        const id = hash(['table', list]);
        tables.set(
          id,
          list.map((row) => ({ ...row, key: { ...row.key, table: id } })),
        );
        return id;
      };
      const otherwise = table([]);
      const key = { version, direction: DIRECTION[direction] };
      refs.push({ key: { ...key, class: 0 }, value: { table: otherwise } });
      const judged = new Map(
        [...identities].map(([id, names]) => [classes.get(id) ?? 0, table(names)]),
      );
      for (const [id, to] of judged) {
        if (to !== otherwise) refs.push({ key: { ...key, class: id }, value: { table: to } });
      }
    }
    rows('plumb_refs', refs, version);
  }
  const reached = new Set(
    resources.flatMap((r) =>
      r.kind === 'bpf-entries' && r.map === 'plumb_refs' ? refTables(r.columns.values) : [],
    ),
  );
  for (const [id, list] of tables) if (reached.has(id)) rows('plumb_tables', list, id);
  rows(
    'plumb_heads',
    [...heads].map(([policySet, version]) => ({ key: { policySet }, value: { version } })),
  );
  rows(
    'plumb_classes',
    [...classes].map(([identity, id]) => ({ key: { identity }, value: { class: id } })),
  );
  rows('plumb_endpoints', endpointRows);
  rows('plumb_devices', deviceRows);
  rows(
    'plumb_ipcache',
    [1, 2, 3, 4, 5].map((identity) => ({
      key: { address: `10.2.0.${identity}` },
      value: { identity },
    })),
  );
  rows(
    'plumb_ipcache_lpm',
    [...prefixes].map(([prefix, identity]) => {
      const [address = '', length] = prefix.split('/');
      return { key: { prefixLength: 96 + Number(length), address }, value: { identity } };
    }),
  );
  rows('plumb_config', [{ key: { index: 0 }, value: { flags: world.allowLocalhost ? 1 : 0 } }]);
  const all = devices ? [...resources, ...node(), ...here.flatMap(endpoint)] : resources;
  return normalizeState({ version: 1, node: 'hoth', resources: all });
}

function subjectOf({ subject }: { readonly subject: number }, n: number): boolean {
  return (subject & (1 << n)) !== 0;
}

function matching(
  peers: readonly (number | string)[],
  identity: number | undefined,
  cidrs: readonly (number | string)[],
): string[] {
  return peers
    .filter((peer) =>
      typeof peer === 'number'
        ? identity !== undefined && (peer & (1 << (identity - 1))) !== 0
        : cidrs.includes(peer),
    )
    .map(String)
    .sort();
}

function tableRows(
  rules: readonly WorldRule[],
  direction: Direction,
  names: readonly string[],
): Row[] {
  const own = rules.filter((rule) => rule.direction === direction);
  const row = (prefixLength: number, port: number, allow: boolean): Row => ({
    key: { prefixLength, protocol: port === 0 ? 0 : 6, port },
    value: { verdict: allow ? VERDICT.allow : VERDICT.deny },
  });
  const said = own.filter((rule) => rule.peer === 'any' || names.includes(String(rule.peer)));
  const list = PORTS.flatMap((port) => {
    const here = said.filter((rule) => rule.port === port);
    return here.length === 0
      ? []
      : [
          row(
            64,
            port,
            here.every((rule) => rule.allow),
          ),
        ];
  });
  const isolated = own.some((rule) => rule.allow);
  return [...list, row(32, 0, !isolated)];
}

function refTables(values: Uint8Array): number[] {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  return Array.from({ length: values.length / 4 }, (_, i) => view.getUint32(i * 4, true));
}

export function node(): Resource[] {
  const blocks = { ingressBlock: INGRESS_BLOCK, egressBlock: EGRESS_BLOCK };
  const mac = '02:00:00:00:00:ff';
  return [
    ...Object.values(MAPS).map(({ name, type, maxEntries }) =>
      resource('bpf-map', {
        name,
        type,
        keySize: keySize(name),
        valueSize: valueSize(name),
        maxEntries,
      }),
    ),
    ...['from_endpoint', 'to_endpoint'].map((name) =>
      resource('bpf-program', { name, object: '0123456789abcdef', features: { ipv6: true } }),
    ),
    resource('link', { name: 'plumb0', type: 'dummy', mac, mtu: 1500, up: true, clsact: blocks }),
    resource('address', { device: 'plumb0', address: '10.1.0.1/32' }),
    resource('bpf-link', { attach: 'tc-block', block: INGRESS_BLOCK, program: 'from_endpoint' }),
    resource('bpf-link', { attach: 'tc-block', block: EGRESS_BLOCK, program: 'to_endpoint' }),
  ];
}

export function endpoint(n: number): Resource[] {
  const netns = `ep${n}`;
  const device = `lxc${n}`;
  const address = `10.1.0.${n + 10}`;
  const mac = `02:00:00:00:00:0${n}`;
  const hostMac = `02:00:00:00:01:0${n}`;
  const clsact = { ingressBlock: INGRESS_BLOCK, egressBlock: EGRESS_BLOCK };
  const peer = { netns, name: 'eth0', mac };
  return [
    resource('netns', { name: netns }),
    resource('link', {
      name: device,
      type: 'veth',
      mac: hostMac,
      mtu: 1500,
      up: true,
      clsact,
      peer,
    }),
    resource('address', { netns, device: 'eth0', address: `${address}/32` }),
    resource('neighbor', { netns, device: 'eth0', address: '10.1.0.1', mac: hostMac }),
    resource('neighbor', { device, address, mac }),
    resource('route', { netns, destination: '10.1.0.1/32', device: 'eth0', table: 254 }),
    resource('route', {
      netns,
      destination: '0.0.0.0/0',
      device: 'eth0',
      gateway: '10.1.0.1',
      table: 254,
    }),
    resource('route', { destination: `${address}/32`, device, table: 254 }),
  ];
}
