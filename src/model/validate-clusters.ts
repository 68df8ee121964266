import { complain, mention } from './complain.js';
import type { PlumbError } from './error.js';
import { portNumber } from './port.js';
import { parseAddress, parsePrefix } from './prefix.js';
import type { NodeSpec } from './program.js';

/** IFNAMSIZ - 1. */
const DEVICE = /^[^\s/:]{1,15}$/;

/** What keeps nodes of a cluster from reaching each other, and devices that can be none. */
export function clusterErrors(nodes: readonly NodeSpec[]): PlumbError[] {
  return nodes.flatMap((node) => {
    const { cluster, devices = [] } = node;
    const errors = devices
      .filter((device) => !DEVICE.test(device))
      .map((device) => {
        const message = `${JSON.stringify(device)} is no name of a device`;
        return complain('PLB_INVALID_CLUSTER', node, message, "Write it as 'eth0'.");
      });
    if (cluster === undefined) return errors;
    const others = nodes.filter((o) => o !== node && o.cluster?.name === cluster.name);
    return cluster.mode === 'tunnel'
      ? [...errors, ...tunnelErrors(node, cluster.tunnelPort, others)]
      : [...errors, ...routeErrors(node, others)];
  });
}

function tunnelErrors(node: NodeSpec, port: number, others: readonly NodeSpec[]): PlumbError[] {
  if (portNumber(port) === undefined) {
    const message = `${String(port)} cannot be the port of tunnels`;
    return [complain('PLB_INVALID_CLUSTER', node, message, 'Use 1 to 65535.')];
  }
  const far = others.find((other) => commonFamily([node, other]) === undefined);
  if (far === undefined) return [];
  const message = `no tunnel leads to ${mention(far)}: they have no addresses of one family`;
  const hint = 'Give both nodes an address, as addresses: ["192.0.2.1"], of the same family.';
  return [complain('PLB_INVALID_CLUSTER', node, message, hint)];
}

function routeErrors(node: NodeSpec, others: readonly NodeSpec[]): PlumbError[] {
  if (others.length === 0) return [];
  if ((node.devices ?? []).length === 0) {
    const message = 'routes to the other nodes need a device to leave by';
    const hint = "Name the node's uplink: devices: ['eth0'].";
    return [complain('PLB_INVALID_CLUSTER', node, message, hint)];
  }
  return others.flatMap((other) => {
    const missing = familiesOf(other.podCIDRs.map((text) => text.split('/')[0] ?? '')).filter(
      (family) => !familiesOf(other.addresses).includes(family),
    );
    return missing.map((family) => {
      const message = `no route leads to the IPv${String(family)} range of ${mention(other)}`;
      const hint = `Give ${other.name} an IPv${String(family)} address in addresses.`;
      return complain('PLB_INVALID_CLUSTER', node, message, hint);
    });
  });
}

function familiesOf(addresses: readonly string[]): (4 | 6)[] {
  const families = addresses.map((text) => parseAddress(text)?.family);
  return [...new Set(families.filter((family) => family !== undefined))];
}

/** The family that tunnels between nodes are in: IPv4 where all have it. */
export function commonFamily(nodes: readonly NodeSpec[]): 4 | 6 | undefined {
  return ([4, 6] as const).find((family) =>
    nodes.every(({ addresses }) => familiesOf(addresses).includes(family)),
  );
}

/** Whether a node has endpoints of a family. */
export function hasFamily({ podCIDRs }: NodeSpec, family: 4 | 6): boolean {
  return podCIDRs.some((text) => parsePrefix(text)?.family === family);
}
