import { commonFamily } from '../model/validate-clusters.js';
import type { NodeSpec, ProgramDocument } from '../model/program.js';
import { resource } from '../state/kinds.js';
import type { Resource } from '../state/state.js';
import { isIPv6 } from './addresses.js';
import { MAIN_TABLE } from './endpoint.js';
import { macAddress } from './names.js';

export const TUNNEL_DEVICE = 'plumb_vxlan';

/** What VXLAN takes of a packet: outer IP, UDP and VXLAN headers and the inner Ethernet header. */
const OVERHEAD = { 4: 20 + 8 + 8 + 14, 6: 40 + 8 + 8 + 14 } as const;

/** The other nodes of a node's cluster, and the way to each. */
export interface Neighborhood {
  readonly mode: 'tunnel' | 'routes' | 'none';
  readonly others: readonly NodeSpec[];
  /** Family of the tunnels. */
  readonly family: 4 | 6;
}

export function neighborhoodOf(node: NodeSpec, { nodes }: ProgramDocument): Neighborhood {
  const { cluster } = node;
  if (cluster === undefined) return { mode: 'none', others: [], family: 4 };
  const members = nodes.filter((other) => other.cluster?.name === cluster.name);
  const others = members.filter((other) => other.name !== node.name);
  return { mode: cluster.mode, others, family: commonFamily(members) ?? 4 };
}

/** MTU of endpoint devices, in bytes. */
export function endpointMtu(node: NodeSpec, { mode, family }: Neighborhood): number {
  return mode === 'tunnel' ? node.mtu - OVERHEAD[family] : node.mtu;
}

/** Where packets to a node go, seen from the nodes around it: its address, in the family of tunnels. */
export function tunnelAddress({ addresses }: NodeSpec, family: 4 | 6): string {
  return addresses.find((address) => isIPv6(address) === (family === 6)) ?? '::';
}

/** Devices and routes that lead to the other nodes' endpoints. */
export function clusterResources(
  node: NodeSpec,
  around: Neighborhood,
  nodeDevice: string,
): Resource[] {
  const { mode, others } = around;
  if (mode === 'none') return [];
  if (mode === 'routes') return others.flatMap((other) => routesTo(node, other));
  const { origin, cluster } = node;
  return [
    resource(
      'link',
      {
        name: TUNNEL_DEVICE,
        type: 'vxlan',
        mac: macAddress(node.name, 'tunnel', 'host'),
        mtu: endpointMtu(node, around),
        up: true,
        vxlan: { port: cluster?.tunnelPort ?? 0 },
      },
      origin,
    ),
    // What the host sends to other nodes' endpoints meets the datapath on the node's device.
    ...others.flatMap(({ podCIDRs, origin: from }) =>
      podCIDRs.map((destination) =>
        resource('route', throughNode(node, destination, nodeDevice), from),
      ),
    ),
  ];
}

/** A route that leads the host's packets to the datapath, from the node's address inside its ranges. */
export function throughNode(node: NodeSpec, destination: string, device: string) {
  const source = node.gateways.find((gateway) => isIPv6(gateway) === isIPv6(destination));
  return {
    destination,
    device,
    table: MAIN_TABLE,
    ...(source === undefined ? {} : { source }),
  };
}

function routesTo({ devices = [] }: NodeSpec, other: NodeSpec): Resource[] {
  const [device] = devices;
  if (device === undefined) return [];
  return other.podCIDRs.flatMap((destination) => {
    const gateway = other.addresses.find((address) => isIPv6(address) === isIPv6(destination));
    if (gateway === undefined) return [];
    return [resource('route', { destination, device, gateway, table: MAIN_TABLE }, other.origin)];
  });
}
