import { resource } from '../state/kinds.js';
import type { Attributes, PlainResource } from '../state/state.js';
import { addressOperation } from './address-text.js';
import type { Address } from './native.js';
import type { Snapshot } from './namespaces.js';
import type { OwnDevices } from './own-devices.js';
import type { WriteContext } from './write-context.js';

/** IFAPROT_KERNEL_LO, _RA and _LL: the kernel gave the address to the device by itself. */
const KERNEL_PROTOCOLS = [1, 2, 3];

/** Addresses on our devices, save those that the kernel makes by itself. */
export function readAddresses(
  { netns, addresses }: Snapshot,
  devices: OwnDevices,
): PlainResource<'address'>[] {
  return addresses.flatMap((found) => {
    const device = devices.nameOf(found.ifindex);
    if (device === undefined || isKernels(found, device)) return [];
    const address = `${found.address}/${found.prefixLength}`;
    return [resource('address', { ...(netns === undefined ? {} : { netns }), device, address })];
  });
}

function isKernels({ address, protocol }: Address, device: string): boolean {
  if (protocol !== undefined && KERNEL_PROTOCOLS.includes(protocol)) return true;
  // Kernels before 5.18 do not say who made an address.
  if (device === 'lo' && (address.startsWith('127.') || address === '::1')) return true;
  return /^fe[89ab]/.test(address);
}

export async function createAddress(
  context: WriteContext,
  { netns, device, address }: Attributes['address'],
): Promise<void> {
  const ifindex = await context.ifindexIn(netns, device);
  // noDad: an address that is still tentative cannot be the source of a packet.
  const operation = {
    ...addressOperation(address),
    op: 'address-add' as const,
    ifindex,
    noDad: true,
  };
  await context.send(netns, [operation], ['EEXIST']);
}

export async function deleteAddress(
  context: WriteContext,
  { netns, device, address }: Attributes['address'],
): Promise<void> {
  const ifindex = await context.findIfindex(netns, device);
  if (ifindex === undefined) return;
  const operation = { ...addressOperation(address), op: 'address-delete' as const, ifindex };
  await context.send(netns, [operation], ['EADDRNOTAVAIL', 'ENODEV']);
}
