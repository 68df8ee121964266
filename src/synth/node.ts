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

/** What a node needs once, however many endpoints it has. */
export function nodeResources(
  node: NodeSpec,
  datapath: DatapathObject,
  features: Readonly<Record<string, boolean>>,
): Resource[] {
  const { origin } = node;
  const resources: Resource[] = [
    resource(
      'link',
      {
        name: NODE_DEVICE,
        type: 'dummy',
        mac: macAddress(node.name, '', 'host'),
        mtu: node.mtu,
        up: true,
        clsact: BLOCKS,
      },
      origin,
    ),
    ...node.gateways.map((address) =>
      resource('address', { device: NODE_DEVICE, address: hostPrefix(address) }, origin),
    ),
    resource(
      'bpf-link',
      { attach: 'tc-block', block: BLOCKS.ingressBlock, program: 'from_endpoint' },
      origin,
    ),
    resource(
      'bpf-link',
      { attach: 'tc-block', block: BLOCKS.egressBlock, program: 'to_endpoint' },
      origin,
    ),
  ];
  for (const name of ['from_endpoint', 'to_endpoint']) {
    resources.push(resource('bpf-program', { name, object: datapath.hash, features }, origin));
  }
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
