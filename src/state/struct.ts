import type { Field, FieldType, MapLayout } from './field.js';
import { MAPS, type MapName } from './layout.js';

/** `state`: names of devices, 16 bytes; `kernel`: their ifindex, u32. Equal for maps without devices. */
export type Form = 'state' | 'kernel';

export interface Placed extends Field {
  /** Bytes from the start of the struct. */
  readonly offset: number;
  readonly size: number;
}

/** Fields at the offsets that C gives them; `size` includes the padding at the end. */
export interface Struct {
  readonly fields: readonly Placed[];
  readonly size: number;
}

/** Bytes of a device name, the final zero included (IFNAMSIZ). */
export const IFNAME_SIZE = 16;

const SIZE: Record<FieldType, number> = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  be16: 2,
  addr: 16,
  mac: 6,
  ifname: 4,
};
// An address is four 32-bit words in C, a MAC six bytes, a name in state form sixteen.
const ALIGN: Record<FieldType, number> = { ...SIZE, addr: 4, mac: 1 };

/** Places fields as a C compiler does: each at a multiple of its alignment. */
export function place(fields: readonly Field[], form: Form): Struct {
  let end = 0;
  let widest = 1;
  const placed = fields.map((field) => {
    const named = field.type === 'ifname' && form === 'state';
    const size = named ? IFNAME_SIZE : SIZE[field.type];
    const align = named ? 1 : ALIGN[field.type];
    const offset = Math.ceil(end / align) * align;
    end = offset + size;
    widest = Math.max(widest, align);
    return { ...field, offset, size };
  });
  return { fields: placed, size: Math.ceil(end / widest) * widest };
}

export interface MapStructs {
  readonly key: Struct;
  readonly value: Struct;
}

const structs: Record<Form, ReadonlyMap<MapName, MapStructs>> = {
  state: build('state'),
  kernel: build('kernel'),
};

function build(form: Form): ReadonlyMap<MapName, MapStructs> {
  return new Map(
    mapNames().map((name) => {
      const layout = layoutOf(name);
      return [name, { key: place(layout.key, form), value: place(layout.value, form) }];
    }),
  );
}

export function mapNames(): MapName[] {
  return Object.keys(MAPS) as MapName[];
}

export function layoutOf(map: MapName): MapLayout {
  return MAPS[map];
}

export function structsOf(map: MapName, form: Form): MapStructs {
  const found = structs[form].get(map);
  if (found === undefined) throw new RangeError(`no such map: ${map}`);
  return found;
}

/** Bytes of a key, in the kernel's form unless told otherwise. */
export function keySize(map: MapName, form: Form = 'kernel'): number {
  return structsOf(map, form).key.size;
}

/** Bytes of a value, in the kernel's form unless told otherwise. */
export function valueSize(map: MapName, form: Form = 'kernel'): number {
  return structsOf(map, form).value.size;
}
