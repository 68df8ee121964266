import { resource } from '../state/kinds.js';
import type { Attributes, PlainResource } from '../state/state.js';
import type { Neighbor } from './native.js';
import type { Snapshot } from './namespaces.js';
import type { OwnDevices } from './own-devices.js';
import type { WriteContext } from './write-context.js';

/** NTF_PROXY: an entry of another table, without a MAC. */
const PROXY = 0x08;

/** Permanent neighbors on our devices; what the kernel learns by itself comes and goes. */
export function readNeighbors(
  { netns, neighbors }: Snapshot,
  devices: OwnDevices,
): PlainResource<'neighbor'>[] {
  return neighbors.flatMap((found) => {
    const device = devices.nameOf(found.ifindex);
    if (device === undefined || found.mac === undefined || !isSettled(found)) return [];
    const { address, mac } = found;
    return [
      resource('neighbor', { ...(netns === undefined ? {} : { netns }), device, address, mac }),
    ];
  });
}

function isSettled({ permanent, flags, address }: Neighbor): boolean {
  return permanent && (flags & PROXY) === 0 && !isMulticast(address);
}

function isMulticast(address: string): boolean {
  if (address.includes(':')) return /^ff/i.test(address);
  const first = Number(address.split('.')[0]);
  return first >= 224 && first < 240;
}

export async function writeNeighbor(
  context: WriteContext,
  { netns, device, address, mac }: Attributes['neighbor'],
): Promise<void> {
  const ifindex = await context.ifindexIn(netns, device);
  await context.send(netns, [{ op: 'neighbor-replace', ifindex, address, mac, permanent: true }]);
}

export async function deleteNeighbor(
  context: WriteContext,
  { netns, device, address }: Attributes['neighbor'],
): Promise<void> {
  const ifindex = await context.findIfindex(netns, device);
  if (ifindex === undefined) return;
  await context.send(netns, [{ op: 'neighbor-delete', ifindex, address }], ['ENOENT', 'ENODEV']);
}
