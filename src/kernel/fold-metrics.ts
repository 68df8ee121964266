import { readStruct } from '../state/codec.js';
import { MAPS } from '../state/layout.js';
import { structsOf } from '../state/struct.js';
import { openMap } from './events.js';
import type { Instance } from './instance.js';
import type { BpfMap } from './native.js';

/** Of rows that were folded. The datapath never writes it together with version 0. */
export const FOLDED_CLASS = 0xffff_ffff;

const METRICS = MAPS.plumb_metrics.name;

/**
 * Adds up the rows of versions that no head names any more, one for each reason, direction and verdict:
 * totals stay, and there is room for the rows of versions to come. No packet is counted for such a
 * version meanwhile. Returns how many rows went.
 *
 * @throws PlumbError PLB_NOTHING_APPLIED
 */
export async function foldMetrics(instance: Instance): Promise<number> {
  const live = await liveVersions(instance);
  const map = openMap(instance, METRICS);
  try {
    const { count, keys, values } = await map.dump();
    const width = count === 0 ? 0 : values.length / count;
    const { key: struct } = structsOf(METRICS, 'kernel');
    let folded = 0;
    for (let i = 0; i < count; i++) {
      const key = keys.slice(i * struct.size, (i + 1) * struct.size);
      const { version } = readStruct(struct, key);
      if (version === 0 || live.has(Number(version))) continue;
      // First, because a full map has no room for the sum.
      map.delete(key);
      addTo(map, foldedKey(key), values.subarray(i * width, (i + 1) * width));
      folded++;
    }
    return folded;
  } finally {
    map.close();
  }
}

/** Those of both buffers: what can be gone back to is as good as live. */
async function liveVersions(instance: Instance): Promise<ReadonlySet<number>> {
  const heads = openMap(instance, MAPS.plumb_heads.name);
  try {
    const { count, values } = await heads.dump();
    const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
    return new Set(Array.from({ length: count }, (_, i) => view.getUint32(4 * i, true)));
  } finally {
    heads.close();
  }
}

/** The same reason, direction and verdict. */
function foldedKey(key: Uint8Array): Uint8Array {
  const folded = Uint8Array.from(key);
  const view = new DataView(folded.buffer);
  const { fields } = structsOf(METRICS, 'kernel').key;
  for (const { name, offset, size } of fields) {
    if (name === 'class') view.setUint32(offset, FOLDED_CLASS, true);
    else if (['version', 'port', 'protocol'].includes(name)) folded.fill(0, offset, offset + size);
  }
  return folded;
}

function addTo(map: BpfMap, key: Uint8Array, more: Uint8Array): void {
  const sum = map.lookup(key) ?? new Uint8Array(more.length);
  const [to, from] = [sum, more].map((one) => new DataView(one.buffer, one.byteOffset));
  for (let at = 0; at < more.length; at += 8) {
    to?.setBigUint64(at, to.getBigUint64(at, true) + (from?.getBigUint64(at, true) ?? 0n), true);
  }
  map.update(key, sum);
}
