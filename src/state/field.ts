export type FieldType =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'be16'
  | 'addr'
  | 'mac'
  /** u32 in the kernel; in a State the name of a link, 16 bytes padded with zeros (names outlive ifindex). */
  | 'ifname';

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** Only the kernel side writes it: not a part of a State, where it is zero. */
  readonly runtime?: true;
}

export type MapType =
  | 'array'
  | 'hash'
  | 'lru_hash'
  | 'lpm_trie'
  | 'ringbuf'
  | 'percpu_hash'
  | 'percpu_array'
  | 'sockhash';

export interface MapLayout {
  readonly name: string;
  readonly type: MapType;
  /** C struct (or integer) names, for the BTF check. */
  readonly keyStruct: string;
  readonly valueStruct: string;
  readonly key: readonly Field[];
  readonly value: readonly Field[];
  readonly maxEntries: number;
  /**
   * Field of the key by which entries form one resource each (a table, a version); without it the map
   * is one resource. `dynamic` maps are filled by packets and never part of a State.
   */
  readonly groupBy?: string;
  readonly dynamic?: true;
}

/** A field. */
export const f = (name: string, type: FieldType): Field => ({ name, type });
/** One that only the kernel side writes. */
export const runtime = (name: string, type: FieldType): Field => ({ name, type, runtime: true });
