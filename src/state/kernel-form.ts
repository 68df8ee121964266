import { isAscending, sortOrder, select, widthsOf, EMPTY } from './columns.js';
import { readName, writeName } from './codec.js';
import { IFINDEX_BASE, type MapName } from './layout.js';
import type { Columns } from './state.js';
import { layoutOf, structsOf, type Struct } from './struct.js';

/** Names of a node's devices; undefined for one that is not there. */
export interface Devices {
  ifindexOf(name: string): number | undefined;
  nameOf(ifindex: number): string | undefined;
}

/**
 * Rows as the kernel holds them: devices as ifindex (in the key of `plumb_devices`, less IFINDEX_BASE).
 * Same number and order of rows as given; not sorted by the kernel's key.
 * @throws RangeError when a device is not there, unless its name is `?<ifindex>`.
 */
export function toKernel(map: MapName, columns: Columns, devices: Devices): Columns {
  if (!hasDevices(map)) return columns;
  const state = structsOf(map, 'state');
  const kernel = structsOf(map, 'kernel');
  return {
    count: columns.count,
    keys: convert(columns, columns.keys, state.key, kernel.key, keyBase(map), devices, lookUp),
    values: convert(columns, columns.values, state.value, kernel.value, 0, devices, lookUp),
  };
}

/**
 * Rows of a State from the kernel's, in any order: devices by name (one that is gone as `?<ifindex>`),
 * runtime fields zero, rows of an array that are zero left out, sorted.
 */
export function fromKernel(map: MapName, columns: Columns, devices: Devices): Columns {
  const state = structsOf(map, 'state');
  const kernel = structsOf(map, 'kernel');
  const plain = hasDevices(map)
    ? {
        count: columns.count,
        keys: convert(columns, columns.keys, kernel.key, state.key, keyBase(map), devices, name),
        values: convert(columns, columns.values, kernel.value, state.value, 0, devices, name),
      }
    : columns;
  return normalizeColumns(map, plain);
}

/**
 * The one form of a set of rows: runtime fields zero, no row of an array whose value is zero (an array
 * cannot lack a row, so zero means none), sorted. Rows that become one are kept once.
 * @throws RangeError when two rows have the same key and different values.
 */
export function normalizeColumns(map: MapName, columns: Columns): Columns {
  const widths = widthsOf(map);
  let rows = clearRuntime(map, columns);
  if (layoutOf(map).type === 'array') {
    const filled = indices(rows.count, (i) =>
      rows.values.subarray(i * widths.value, (i + 1) * widths.value).some((byte) => byte !== 0),
    );
    if (filled.length < rows.count) rows = select(rows, widths, filled);
  }
  if (rows.count === 0) return EMPTY;
  if (isAscending(rows, widths.key)) return rows;
  const sorted = select(rows, widths, sortOrder(rows, widths.key));
  const distinct = indices(sorted.count, (i) => {
    if (i === 0 || !equal(sorted.keys, i - 1, i, widths.key)) return true;
    if (equal(sorted.values, i - 1, i, widths.value)) return false;
    throw new RangeError(`${map}: two entries have the same key`);
  });
  return distinct.length === sorted.count ? sorted : select(sorted, widths, distinct);
}

function clearRuntime(map: MapName, columns: Columns): Columns {
  const { key, value } = structsOf(map, 'state');
  return {
    count: columns.count,
    keys: zeroed(columns.count, columns.keys, key),
    values: zeroed(columns.count, columns.values, value),
  };
}

function zeroed(count: number, bytes: Uint8Array, struct: Struct): Uint8Array {
  const runtime = struct.fields.filter((field) => field.runtime === true);
  if (runtime.length === 0) return bytes;
  const copy = bytes.slice();
  for (let i = 0; i < count; i++) {
    for (const field of runtime) {
      const at = i * struct.size + field.offset;
      copy.fill(0, at, at + field.size);
    }
  }
  return copy;
}

type Translate = (
  from: { readonly bytes: Uint8Array; readonly at: number },
  to: { readonly bytes: Uint8Array; readonly at: number },
  base: number,
  devices: Devices,
) => void;

const lookUp: Translate = (from, to, base, devices) => {
  const device = readName(from.bytes, from.at);
  const view = new DataView(to.bytes.buffer, to.bytes.byteOffset);
  // A row that names no device (a zeroed value) stays zero.
  if (device === '') return view.setUint32(to.at, 0, true);
  const ifindex = device.startsWith('?') ? Number(device.slice(1)) : devices.ifindexOf(device);
  if (ifindex === undefined || !(ifindex >= base)) {
    throw new RangeError(`no device of ours is called ${device}`);
  }
  view.setUint32(to.at, ifindex - base, true);
};

const name: Translate = (from, to, base, devices) => {
  const view = new DataView(from.bytes.buffer, from.bytes.byteOffset);
  const ifindex = view.getUint32(from.at, true) + base;
  if (ifindex === 0) return;
  writeName(devices.nameOf(ifindex) ?? `?${ifindex}`, to.bytes, to.at);
};

function convert(
  { count }: Columns,
  bytes: Uint8Array,
  from: Struct,
  to: Struct,
  base: number,
  devices: Devices,
  translate: Translate,
): Uint8Array {
  const out = new Uint8Array(count * to.size);
  const spans = spansOf(from, to);
  for (let row = 0; row < count; row++) {
    for (const span of spans) {
      const atA = row * from.size + span.from;
      const atB = row * to.size + span.to;
      if (span.isDevice) translate({ bytes, at: atA }, { bytes: out, at: atB }, base, devices);
      else for (let i = 0; i < span.size; i++) out[atB + i] = bytes[atA + i] ?? 0;
    }
  }
  return out;
}

/** Bytes that are the same in both forms, or the place of a device's name or number. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly isDevice: boolean;
}

/** Fields that stand together in both forms are one span. */
function spansOf(from: Struct, to: Struct): Span[] {
  const spans: Span[] = [];
  from.fields.forEach(({ offset, size, type }, i) => {
    const isDevice = type === 'ifname';
    const at = to.fields[i]?.offset ?? offset;
    const last = spans.at(-1);
    const isNext =
      last !== undefined && last.from + last.size === offset && last.to + last.size === at;
    if (isNext && !isDevice && !last.isDevice) {
      spans[spans.length - 1] = { ...last, size: last.size + size };
    } else spans.push({ from: offset, to: at, size, isDevice });
  });
  return spans;
}

function hasDevices(map: MapName): boolean {
  const { key, value } = layoutOf(map);
  return [...key, ...value].some((field) => field.type === 'ifname');
}

function keyBase(map: MapName): number {
  return map === 'plumb_devices' ? IFINDEX_BASE : 0;
}

function indices(count: number, keep: (row: number) => boolean): number[] {
  const kept: number[] = [];
  for (let i = 0; i < count; i++) if (keep(i)) kept.push(i);
  return kept;
}

function equal(bytes: Uint8Array, a: number, b: number, width: number): boolean {
  for (let i = 0; i < width; i++) {
    if (bytes[a * width + i] !== bytes[b * width + i]) return false;
  }
  return true;
}
