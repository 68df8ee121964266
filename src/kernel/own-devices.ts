import { ownLinks } from './ownership.js';
import type { Snapshot } from './namespaces.js';

/** Names of the devices in one namespace whose addresses and neighbors are ours. */
export interface OwnDevices {
  nameOf(ifindex: number): string | undefined;
  ifindexOf(name: string): number | undefined;
}

/** In the node's namespace the devices with our alias; in a namespace of ours, all. */
export function ownDevices({ netns, links }: Snapshot, node: string): OwnDevices {
  const ours = netns === undefined ? ownLinks(links, node) : links;
  const names = new Map(ours.map((link) => [link.ifindex, link.name]));
  const indexes = new Map(ours.map((link) => [link.name, link.ifindex]));
  return {
    nameOf: (ifindex) => names.get(ifindex),
    ifindexOf: (name) => indexes.get(name),
  };
}
