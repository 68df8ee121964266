import type { NodeSpec } from '../model/program.js';
import { MAPS, type MapName } from '../state/layout.js';
import { keySize, valueSize } from '../state/struct.js';
import { resource } from '../state/kinds.js';
import type { Resource } from '../state/state.js';
import { BLOCKS } from './endpoint.js';
import { macAddress } from './names.js';
import { hostPrefix } from './addresses.js';

/** The datapath object that the synthesized state names: its hash and the switches it is loaded with. */
export interface DatapathObject {
  /** First 16 hex digits of the SHA-256 of the object file. */
  readonly hash: string;
}

export const NODE_DEVICE = 'plumb0';

/** What a node needs once, however many endpoints it has. `mtu` is that of endpoint devices. */
export function nodeResources(node: NodeSpec, mtu: number): Resource[] {
  const { origin } = node;
  const resources: Resource[] = [
    resource(
      'link',
      {
        name: NODE_DEVICE,
        type: 'dummy',
        mac: macAddress(node.name, '', 'host'),
        mtu,
        up: true,
        clsact: BLOCKS,
      },
      origin,
    ),
    ...node.gateways.map((address) =>
      resource('address', { device: NODE_DEVICE, address: hostPrefix(address) }, origin),
    ),
  ];
  for (const name of Object.keys(MAPS) as MapName[]) {
    const layout = MAPS[name];
    resources.push(
      resource(
        'bpf-map',
        {
          name,
          type: layout.type,
          keySize: keySize(name),
          valueSize: valueSize(name),
          maxEntries: layout.maxEntries,
        },
        origin,
      ),
    );
  }
  return resources;
}
