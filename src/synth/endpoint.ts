import type { EndpointSpec, NodeSpec } from '../model/program.js';
import { EGRESS_BLOCK, INGRESS_BLOCK } from '../state/layout.js';
import { resource } from '../state/kinds.js';
import type { Resource } from '../state/state.js';
import { deviceName, macAddress } from './names.js';
import { defaultRoute, hostPrefix, isIPv6 } from './addresses.js';

/** RT_TABLE_MAIN. */
export const MAIN_TABLE = 254;

/** Both blocks: what the endpoint sends is ingress of its host-side device, what it gets is egress. */
export const BLOCKS = { ingressBlock: INGRESS_BLOCK, egressBlock: EGRESS_BLOCK };

/** Everything an endpoint needs outside the maps: its namespace, its veth, and the way in and out. */
export function endpointResources(node: NodeSpec, endpoint: EndpointSpec, mtu: number): Resource[] {
  const { origin, netns } = endpoint;
  const device = deviceName(endpoint.name);
  const mac = macAddress(node.name, endpoint.name, 'endpoint');
  const hostMac = macAddress(node.name, endpoint.name, 'host');
  const inside = 'eth0';
  const resources: Resource[] = [
    resource('netns', { name: netns }, origin),
    resource(
      'link',
      {
        name: device,
        type: 'veth',
        mac: hostMac,
        mtu,
        up: true,
        clsact: BLOCKS,
        peer: { netns, name: inside, mac },
      },
      origin,
    ),
  ];
  for (const address of endpoint.addresses) {
    const gateway = node.gateways.find((g) => isIPv6(g) === isIPv6(address));
    resources.push(
      resource('address', { netns, device: inside, address: hostPrefix(address) }, origin),
      resource('neighbor', { device, address, mac }, origin),
      resource(
        'route',
        {
          destination: hostPrefix(address),
          device,
          table: MAIN_TABLE,
          // What the host says to its endpoints comes from their gateway, whatever other addresses it has.
          ...(gateway === undefined ? {} : { source: gateway }),
        },
        origin,
      ),
    );
    if (gateway === undefined) continue;
    resources.push(
      // Permanent on both sides: the datapath forwards no ARP and no ND, and nobody can spoof one.
      resource('neighbor', { netns, device: inside, address: gateway, mac: hostMac }, origin),
      resource(
        'route',
        { netns, destination: hostPrefix(gateway), device: inside, table: MAIN_TABLE },
        origin,
      ),
      resource(
        'route',
        {
          netns,
          destination: defaultRoute(address),
          device: inside,
          gateway,
          table: MAIN_TABLE,
        },
        origin,
      ),
    );
  }
  return resources;
}
