import { PlumbError } from '../model/error.js';
import { closeConnectionsOf } from '../proxy/connections.js';
import { IFINDEX_BASE } from '../state/layout.js';
import { proxyWays } from '../state/proxy-names.js';
import type { Attributes } from '../state/state.js';
import { failedWith } from './errno.js';
import { netnsPath } from './instance.js';
import { clsactOf, DRIVERS } from './link.js';
import type { Link, Operation } from './native.js';
import { aliasOf } from './ownership.js';
import type { WriteContext } from './write-context.js';

type LinkAttributes = Attributes['link'];

/** TC_H_CLSACT: the place of clsact on a device. */
const CLSACT = 0xffff_fff1;

/** Else the kernel makes a link-local address and solicits routers as soon as a device is up. */
const QUIET = { addrGenMode: 'none' } as const;

/** In the node's own namespace the proxy's sockets are bound to these. */
const { egress, ingress } = proxyWays('tproxy');
const PROXY_DEVICES: ReadonlySet<string> = new Set([egress.inside, ingress.inside]);

/** Makes a link with everything that belongs to it. One of ours that is there already is made to fit. */
export async function createLink(context: WriteContext, link: LinkAttributes): Promise<void> {
  const devices = await context.devices.load();
  if (devices.ifindexOf(link.name) !== undefined) return updateLink(context, link);
  await dropUnfinished(context, link);
  const ifindex = devices.choose(link.name, await context.objects.deviceRows());
  try {
    await addLink(context, link, ifindex);
    await context.send(undefined, clsactOperations(link, ifindex));
  } catch (error) {
    devices.forget();
    throw (await isTaken(context, link.name)) ? foreign(link.name, error) : error;
  }
  devices.added(link.name, ifindex);
  await raise(context, link, ifindex);
}

/** The first of the drivers for a type that this kernel has. */
async function addLink(
  context: WriteContext,
  link: LinkAttributes,
  ifindex: number,
): Promise<void> {
  const drivers = DRIVERS[link.type];
  for (const [i, driver] of drivers.entries()) {
    try {
      await context.send(undefined, [addOperation(context, link, driver, ifindex)]);
      return;
    } catch (error) {
      if (!failedWith(error, 'EOPNOTSUPP') || i === drivers.length - 1) throw error;
    }
  }
}

/** Changes in place what a device allows: MAC, MTU, up or down, blocks. */
export async function updateLink(context: WriteContext, link: LinkAttributes): Promise<void> {
  const ifindex = await context.ifindexIn(undefined, link.name);
  const netlink = await context.namespaces.in();
  const blocks = clsactOf(await netlink.qdiscs(), ifindex);
  const found = (await netlink.links()).find((there) => there.ifindex === ifindex);
  const { mac, mtu } = link;
  // ifb takes no other MAC, not even the one that it has.
  const changes = found?.mac === mac ? { mtu } : { mtu, mac };
  const operations: Operation[] = [{ op: 'link-set', ifindex, ...changes }];
  if (!sameBlocks(blocks, link.clsact)) {
    // clsact cannot change its blocks: for a moment the device has none.
    if (blocks !== undefined) operations.push({ op: 'qdisc-delete', ifindex, parent: CLSACT });
    operations.push(...clsactOperations(link, ifindex));
  }
  await context.send(undefined, operations);
  await raise(context, link, ifindex);
}

export async function deleteLink(context: WriteContext, { name }: LinkAttributes): Promise<void> {
  const devices = await context.devices.load();
  const ifindex = devices.ifindexOf(name);
  if (ifindex === undefined) return;
  if (PROXY_DEVICES.has(name)) await closeConnectionsOf(context.instance.netnsPath, ifindex);
  try {
    await context.send(undefined, [{ op: 'link-delete', ifindex }], ['ENODEV']);
  } catch (error) {
    devices.forget();
    throw error;
  }
  devices.removed(name);
}

/** Last, when everything that must see its packets is in place: both ends up, or down. */
async function raise(context: WriteContext, link: LinkAttributes, ifindex: number): Promise<void> {
  if (link.peer !== undefined) {
    const inside = await context.ifindexIn(link.peer.netns, link.peer.name);
    await context.send(link.peer.netns, [
      { op: 'link-set', ifindex: inside, mtu: link.mtu, up: link.up },
    ]);
  }
  await context.send(undefined, [{ op: 'link-set', ifindex, up: link.up }]);
}

function addOperation(
  context: WriteContext,
  { name, mac, mtu, peer, vxlan }: LinkAttributes,
  kind: string,
  ifindex: number,
): Operation {
  return {
    op: 'link-add',
    name,
    kind,
    ifindex,
    mac,
    mtu,
    alias: aliasOf(context.node),
    ...QUIET,
    ...(peer === undefined
      ? {}
      : { peer: { name: peer.name, netns: netnsPath(peer.netns), mac: peer.mac, mtu, ...QUIET } }),
    ...(vxlan === undefined
      ? {}
      : { vxlan: { port: vxlan.port, external: true, learning: false } }),
  };
}

function clsactOperations({ clsact }: LinkAttributes, ifindex: number): Operation[] {
  if (clsact === undefined) return [];
  const { ingressBlock, egressBlock } = clsact;
  return [{ op: 'clsact-add', ifindex, ingressBlock, egressBlock }];
}

function sameBlocks(a: LinkAttributes['clsact'], b: LinkAttributes['clsact']): boolean {
  return a?.ingressBlock === b?.ingressBlock && a?.egressBlock === b?.egressBlock;
}

/**
 * The kernel takes an alias only once a link is made: one that was killed in between leaves a link
 * that is down, has no alias, but the MAC that we derive from our names and a number of our range.
 */
async function dropUnfinished(context: WriteContext, wanted: LinkAttributes): Promise<void> {
  const link = await findLink(context, wanted.name);
  if (link === undefined || link.alias !== undefined || link.up) return;
  if (link.mac !== wanted.mac || link.ifindex < IFINDEX_BASE) return;
  await context.send(undefined, [{ op: 'link-delete', ifindex: link.ifindex }], ['ENODEV']);
}

async function isTaken(context: WriteContext, name: string): Promise<boolean> {
  const link = await findLink(context, name);
  return link !== undefined && link.alias !== aliasOf(context.node);
}

async function findLink(context: WriteContext, name: string): Promise<Link | undefined> {
  return (await (await context.namespaces.in()).links()).find((link) => link.name === name);
}

function foreign(name: string, cause: unknown): PlumbError {
  return new PlumbError('PLB_FOREIGN_LINK', `somebody else has a device ${name}`, {
    hint: 'Rename or remove it, or give the endpoint another name.',
    cause,
  });
}
