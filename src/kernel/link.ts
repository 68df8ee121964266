import { resource } from '../state/kinds.js';
import type { PlainResource } from '../state/state.js';
import type { Link, Qdisc } from './native.js';
import type { Snapshot } from './namespaces.js';
import { ownLinks } from './ownership.js';

type LinkType = PlainResource<'link'>['attributes']['type'];
type Clsact = NonNullable<PlainResource<'link'>['attributes']['clsact']>;
type Found = PlainResource<'link'>['attributes']['peer'] & { readonly link: Link };

/**
 * Drivers that can make a type of link, the best first. Not every kernel has dummy; an ifb that
 * nothing is redirected to drops what it is given just the same.
 */
export const DRIVERS: Readonly<Record<LinkType, readonly string[]>> = {
  veth: ['veth'],
  dummy: ['dummy', 'ifb'],
  vxlan: ['vxlan'],
};

/** The type that a driver makes; one that makes none of ours is shown by its own name. */
function typeOf(driver = ''): LinkType {
  const types = Object.keys(DRIVERS) as LinkType[];
  return types.find((type) => DRIVERS[type].includes(driver)) ?? (driver as LinkType);
}

/** Links with our alias; the other end of a veth is looked for in our namespaces. */
export function readLinks(
  { links }: Snapshot,
  qdiscs: readonly Qdisc[],
  endpoints: readonly Snapshot[],
  node: string,
): PlainResource<'link'>[] {
  const peers = new Map(
    endpoints.flatMap((inside) => inside.links.map((l) => peerEntry(inside, l))),
  );
  return ownLinks(links, node).map((link) => {
    const found = peers.get(pairKey(link.ifindex, link.peerIfindex));
    const clsact = clsactOf(qdiscs, link.ifindex);
    return resource('link', {
      name: link.name,
      type: typeOf(link.kind),
      mac: link.mac ?? '00:00:00:00:00:00',
      // One attribute stands for both ends: whichever end is off makes it differ.
      mtu: found === undefined || found.link.mtu === link.mtu ? link.mtu : found.link.mtu,
      up: link.up && (found === undefined || found.link.up),
      ...(clsact === undefined ? {} : { clsact }),
      ...(found === undefined
        ? {}
        : { peer: { netns: found.netns, name: found.name, mac: found.mac } }),
      ...(link.vxlan === undefined ? {} : { vxlan: { port: link.vxlan.port } }),
    });
  });
}

/** Ends find each other by both numbers: an ifindex alone is unique within its namespace only. */
function peerEntry({ netns = '' }: Snapshot, link: Link): [string, Found] {
  const mac = link.mac ?? '00:00:00:00:00:00';
  return [pairKey(link.peerIfindex, link.ifindex), { netns, name: link.name, mac, link }];
}

function pairKey(outside: number | undefined, inside: number | undefined): string {
  return `${outside ?? ''}/${inside ?? ''}`;
}

/** Blocks of a device's clsact; 0 for a direction that has none of its own. */
export function clsactOf(qdiscs: readonly Qdisc[], ifindex: number): Clsact | undefined {
  const found = qdiscs.find((qdisc) => qdisc.ifindex === ifindex && qdisc.kind === 'clsact');
  return found === undefined
    ? undefined
    : { ingressBlock: found.ingressBlock ?? 0, egressBlock: found.egressBlock ?? 0 };
}
