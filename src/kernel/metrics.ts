import { decodeKey } from '../state/codec.js';
import { MAPS, REASONS, VERDICT, type Direction, type Reason } from '../state/layout.js';
import { structsOf } from '../state/struct.js';
import { nameOf, openMap } from './events.js';
import type { Instance } from './instance.js';

/** Packets and bytes since the map was made, summed over all processors. */
export interface Metric {
  readonly version: number;
  readonly class: number;
  /** IP protocol and destination port of a flow's opener, as of a table entry; 0 where no rule spoke. */
  readonly protocol: number;
  readonly port: number;
  readonly reason: Reason | 'unknown';
  readonly direction: Direction;
  readonly verdict: keyof typeof VERDICT | 'none';
  readonly packets: bigint;
  readonly bytes: bigint;
}

const NAME = MAPS.plumb_metrics.name;

/** All counters of an instance. @throws PlumbError PLB_NOTHING_APPLIED */
export async function readMetrics(instance: Instance): Promise<Metric[]> {
  const map = openMap(instance, NAME);
  try {
    const { count, keys, values } = await map.dump();
    const { key, value } = structsOf(NAME, 'kernel');
    const width = count === 0 ? 0 : values.length / count;
    const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
    return Array.from({ length: count }, (_, i) => {
      const fields = decodeKey(NAME, keys, i * key.size);
      let packets = 0n;
      let bytes = 0n;
      // The kernel rounds each processor's value up to 8 bytes; two u64 fill it exactly.
      for (let at = i * width; at < (i + 1) * width; at += value.size) {
        packets += view.getBigUint64(at, true);
        bytes += view.getBigUint64(at + 8, true);
      }
      return {
        version: Number(fields['version']),
        class: Number(fields['class']),
        protocol: Number(fields['protocol']),
        port: Number(fields['port']),
        reason: nameOf(REASONS, fields['reason']) ?? 'unknown',
        direction: fields['direction'] === 0 ? 'ingress' : 'egress',
        verdict: nameOf(VERDICT, fields['verdict']) ?? 'none',
        packets,
        bytes,
      };
    });
  } finally {
    map.close();
  }
}
