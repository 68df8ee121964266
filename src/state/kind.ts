import type { Attributes, KindName } from './state.js';

export type PlainKindName = Exclude<KindName, 'bpf-entries'>;

/** `update` changes in place; `replace` takes the old away and makes the new. */
export type Change = 'update' | 'replace';

/** How one sort of resource is identified and compared. Pure: what the kernel needs is in src/kernel. */
export interface Kind<K extends PlainKindName> {
  readonly name: K;
  /** Unique within the kind, stable and readable. */
  keyOf(attributes: Attributes[K]): string;
  /** The one form of equal attributes. @throws RangeError for an address or MAC that is none. */
  normalize(attributes: Attributes[K]): Attributes[K];
  /** Whether the kernel can change these attributes in place; parts of one are joined by a dot (`peer.mac`). */
  changeFor(differs: readonly string[]): Change;
  /**
   * Where the kernel has room for one alone, whatever its key: of two resources with one slot, the new
   * takes the place of the old. Undefined: none.
   */
  slot?(attributes: Attributes[K]): string | undefined;
}

/** `netns:device`, or the device alone in the node's own namespace. */
export function place(netns: string | undefined, device: string): string {
  return netns === undefined ? device : `${netns}:${device}`;
}

/** A MAC address in lower case. @throws RangeError when it is none. */
export function canonicalMac(mac: string): string {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac))
    throw new RangeError(`not a MAC address: ${mac}`);
  return mac.toLowerCase();
}
