import { parseAddress } from '../state/address.js';
import { structsOf } from '../state/struct.js';
import type { BpfMap } from './native.js';

const { key: KEY, value: VALUE } = structsOf('plumb_conntrack', 'kernel');
const SIDES = ['addressA', 'addressB'].map((name) => offsetOf(KEY.fields, name));
const EXPIRES = offsetOf(VALUE.fields, 'expires');

/** Tells whether an address is a side of a flow whose time is not over, as of now. */
export async function openFlows(conntrack: BpfMap): Promise<(address: string) => boolean> {
  const { count, keys, values } = await conntrack.dump();
  const now = Number(process.hrtime.bigint() / 1_000_000_000n);
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const bytes = Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength);
  const open = new Set<string>();
  for (let i = 0; i < count; i++) {
    if (view.getUint32(i * VALUE.size + EXPIRES, true) <= now) continue;
    for (const side of SIDES) {
      const at = i * KEY.size + side;
      open.add(bytes.toString('latin1', at, at + 16));
    }
  }
  return (address) => open.has(Buffer.from(parseAddress(address)).toString('latin1'));
}

function offsetOf(fields: readonly { name: string; offset: number }[], wanted: string): number {
  const field = fields.find(({ name }) => name === wanted);
  if (field === undefined) throw new RangeError(`no field ${wanted}`);
  return field.offset;
}
