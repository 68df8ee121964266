import { COUNTER, type CounterName } from '../state/layout-reports.js';
import { MAPS } from '../state/layout.js';
import { openMap } from './events.js';
import type { Instance } from './instance.js';
import type { BpfMap } from './native.js';

/** What the datapath counts besides packets, since the map was made, summed over all processors. */
export type Counters = Readonly<Record<CounterName, bigint>>;

/** A reader of an instance's counters, for whoever looks more than once. */
export interface CounterReader {
  read(): Counters;
  close(): void;
}

/** @throws PlumbError PLB_NOTHING_APPLIED */
export function openCounters(instance: Instance): CounterReader {
  const map = openMap(instance, MAPS.plumb_counters.name);
  const names = Object.keys(COUNTER) as CounterName[];
  return {
    read: () =>
      Object.fromEntries(names.map((name) => [name, sumOf(map, COUNTER[name])])) as Counters,
    close: () => {
      map.close();
    },
  };
}

function sumOf(map: BpfMap, index: number): bigint {
  const values = map.lookup(new Uint8Array(Uint32Array.of(index).buffer)) ?? new Uint8Array(0);
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  let sum = 0n;
  for (let at = 0; at < values.byteLength; at += 8) sum += view.getBigUint64(at, true);
  return sum;
}
