import type { EndpointSpec, NodeSpec } from '../../src/model/program.js';
import type { Row } from '../../src/state/codec.js';
import { normalizeState } from '../../src/state/canonical.js';
import { entries } from '../../src/state/kinds/bpf-entries.js';
import { CONFIG_ALLOW_LOCALHOST, VERDICT, type MapName } from '../../src/state/layout.js';
import type { Resource, State } from '../../src/state/state.js';
import { featuresOf, openDatapath } from '../../src/kernel/datapath.js';
import { endpointResources } from '../../src/synth/endpoint.js';
import { deviceName, macAddress } from '../../src/synth/names.js';
import { attachments } from '../../src/synth/attachments.js';
import { NODE_DEVICE, nodeResources } from '../../src/synth/node.js';

/** Nothing but endpoints. */
const NOTHING = { tunnel: false, services: false, hostPolicy: false };

const GATEWAY = '10.77.0.1';
const GATEWAY6 = 'fd77::1';
const HOST = 1;
/** Small, so that making every map anew many times stays cheap. */
const MAX_ENTRIES = 4096;

/** Two endpoints, `a` and `b`, in namespaces `<node>-a` and `<node>-b`. */
export const ADDRESS = {
  a: '10.77.0.11',
  a6: 'fd77::11',
  b: '10.77.0.12',
  b6: 'fd77::12',
  gateway: GATEWAY,
  gateway6: GATEWAY6,
} as const;

export interface PolicyOptions {
  /** Number of the version that holds; its one table allows or denies everything. */
  readonly version?: number;
  readonly verdict?: 'allow' | 'deny';
}

const POLICY_SET = 0xa11;

/**
 * Everything that a node with two endpoints is made of, under a policy for all traffic; with the
 * datapath of another object than the shipped one, if one is given.
 */
export function desiredState(node: string, policy: PolicyOptions = {}, objectPath?: string): State {
  const { version = 0x0101, verdict = 'allow' } = policy;
  const table = 0x7000 + VERDICT[verdict];
  const spec: NodeSpec = {
    origin: { path: node },
    name: node,
    podCIDRs: ['10.77.0.0/24', 'fd77::/64'],
    gateways: [GATEWAY, GATEWAY6],
    addresses: [],
    allowLocalhost: true,
    enforcement: 'default',
    mtu: 1400,
  };
  const datapath = openDatapath(objectPath);
  const features = Object.fromEntries(
    featuresOf(datapath).map((name) => [name, { on: true, why: '' }]),
  );
  const endpoints = (['a', 'b'] as const).map((name, i) => ({
    name,
    identity: 256 + i,
    addresses: [ADDRESS[name], ADDRESS[`${name}6`]],
    spec: endpointSpec(node, name, [ADDRESS[name], ADDRESS[`${name}6`]]),
  }));
  const each = (row: (e: (typeof endpoints)[number], address: string) => Row): Row[] =>
    endpoints.flatMap((e) => e.addresses.map((address) => row(e, address)));
  const any = { direction: 0, class: 0 };
  const rows: [MapName, Row[], number?][] = [
    ['plumb_config', [{ key: { index: 0 }, value: { flags: CONFIG_ALLOW_LOCALHOST } }]],
    [
      'plumb_devices',
      endpoints.map(({ name, identity, addresses: [address4 = '', address6 = ''] }) => ({
        key: { device: deviceName(name) },
        value: { identity, policySet: POLICY_SET, flags: 0, address4, address6 },
      })),
    ],
    [
      'plumb_endpoints',
      each(({ name, identity }, address) => ({
        key: { address },
        value: {
          device: deviceName(name),
          identity,
          policySet: POLICY_SET,
          mac: macAddress(node, name, 'endpoint'),
          hostMac: macAddress(node, name, 'host'),
        },
      })),
    ],
    [
      'plumb_ipcache',
      [
        ...each(({ identity }, address) => ipcacheRow(address, identity)),
        ...[GATEWAY, GATEWAY6].map((address) => ipcacheRow(address, HOST)),
      ],
    ],
    [
      'plumb_classes',
      [HOST, 256, 257].map((identity) => ({ key: { identity }, value: { class: identity } })),
    ],
    ['plumb_heads', [{ key: { policySet: POLICY_SET }, value: { version } }]],
    [
      'plumb_refs',
      [0, 1].map((direction) => ({ key: { ...any, version, direction }, value: { table } })),
      version,
    ],
    [
      'plumb_tables',
      [
        {
          key: { prefixLength: 32, table, protocol: 0, port: 0 },
          value: { verdict: VERDICT[verdict], flags: 0, listener: 0 },
        },
      ],
      table,
    ],
  ];
  return normalizeState({
    version: 1,
    node,
    resources: [
      ...nodeResources(spec, spec.mtu).map(smaller),
      ...attachments(spec, NODE_DEVICE, { hash: datapath.hash }, features, NOTHING),
      ...endpoints.flatMap((e) => endpointResources(spec, e.spec, spec.mtu)),
      ...rows.map(([map, list, group]) => entries(map, list, group === undefined ? {} : { group })),
    ],
  });
}

function endpointSpec(node: string, name: string, addresses: string[]): EndpointSpec {
  const origin = { path: `${node}/${name}` };
  return { origin, name, node, labels: { app: name }, addresses, netns: `${node}-${name}` };
}

function ipcacheRow(address: string, identity: number): Row {
  return { key: { address }, value: { identity, flags: 0, tunnel: '0.0.0.0' } };
}

function smaller(resource: Resource): Resource {
  if (resource.kind !== 'bpf-map' || resource.attributes.type === 'array') return resource;
  const maxEntries = Math.min(resource.attributes.maxEntries, MAX_ENTRIES);
  return { ...resource, attributes: { ...resource.attributes, maxEntries } };
}
