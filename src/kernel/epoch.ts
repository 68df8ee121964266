import { structsOf } from '../state/struct.js';
import type { BpfMap } from './native.js';

const KEY = new Uint8Array(4);

/** `plumb_config.epoch`: bit 0 is the active buffer of heads, the rest the generation. */
export interface Epoch {
  readonly active: 0 | 1;
  readonly generation: number;
}

export function decodeEpoch(word: number): Epoch {
  return { active: (word & 1) as 0 | 1, generation: word >>> 1 };
}

export function encodeEpoch({ active, generation }: Epoch): number {
  // 31 bits of generation; after the last comes the first.
  return (((generation << 1) >>> 0) | active) >>> 0;
}

/** The value of `plumb_config` as it stands; zeros for one that was never written. */
export function readConfig(config: BpfMap): { readonly epoch: Epoch; readonly value: Uint8Array } {
  const { size } = structsOf('plumb_config', 'kernel').value;
  const value = config.lookup(KEY) ?? new Uint8Array(size);
  return { epoch: decodeEpoch(viewOf(value).getUint32(epochOffset(), true)), value };
}

/** Writes the fields of a value but keeps the epoch, which only {@link commit} moves. */
export function writeConfig(config: BpfMap, fields: Uint8Array): void {
  const { value } = readConfig(config);
  const next = fields.slice();
  const at = epochOffset();
  next.set(value.subarray(at, at + 4), at);
  config.update(KEY, next);
}

/**
 * The one write that changes verdicts: the other buffer if `flip`, and the next generation, so that
 * every flow is judged again. All bytes but the aligned four of the epoch stay the same.
 */
export function commit(config: BpfMap, flip: boolean): void {
  const { epoch, value } = readConfig(config);
  const active = flip ? ((1 - epoch.active) as 0 | 1) : epoch.active;
  const next = value.slice();
  const word = encodeEpoch({ active, generation: epoch.generation + 1 });
  viewOf(next).setUint32(epochOffset(), word, true);
  try {
    config.update(KEY, next);
  } catch (error) {
    // Whoever undoes must know: what is in the map is in force, whatever was said of writing it.
    if (encodeEpoch(readConfig(config).epoch) !== word) throw error;
  }
}

function epochOffset(): number {
  const field = structsOf('plumb_config', 'kernel').value.fields.find((f) => f.name === 'epoch');
  return field?.offset ?? 0;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
