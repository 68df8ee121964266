import { ADDRESS_SIZE, formatAddress, writeAddress } from './address.js';
import type { MapName } from './layout.js';
import { IFNAME_SIZE, structsOf, type Placed, type Struct } from './struct.js';

/**
 * A field as a value: numbers up to 32 bits as number, u64 as bigint, addresses, MACs and device names
 * as text.
 */
export type FieldValue = number | bigint | string;
export type Fields = Readonly<Record<string, FieldValue>>;

/** One entry of a map in fields. Absent `pad`s, runtime fields and fields of a value are zero. */
export interface Row {
  readonly key: Fields;
  readonly value: Fields;
}

/**
 * Bytes of a key in state form.
 * @throws RangeError for an unknown or missing field, or a value that does not fit.
 */
export function encodeKey(map: MapName, fields: Fields): Uint8Array {
  const bytes = new Uint8Array(structsOf(map, 'state').key.size);
  writeKey(map, fields, bytes, 0);
  return bytes;
}

/** Bytes of a value in state form. @throws RangeError for an unknown field or one that does not fit. */
export function encodeValue(map: MapName, fields: Fields): Uint8Array {
  const bytes = new Uint8Array(structsOf(map, 'state').value.size);
  writeValue(map, fields, bytes, 0);
  return bytes;
}

/** `view` is of the same bytes: whoever writes many rows makes one. */
export function writeKey(
  map: MapName,
  fields: Fields,
  bytes: Uint8Array,
  offset: number,
  view = viewOf(bytes),
): void {
  const { key } = structsOf(map, 'state');
  for (const name of neededIn(key)) {
    if (fields[name] === undefined) throw new RangeError(`${map}: the key has no ${name}`);
  }
  writeStruct(map, key, fields, { bytes, view }, offset);
}

/** As {@link writeKey}. */
export function writeValue(
  map: MapName,
  fields: Fields,
  bytes: Uint8Array,
  offset: number,
  view = viewOf(bytes),
): void {
  writeStruct(map, structsOf(map, 'state').value, fields, { bytes, view }, offset);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const needed = new WeakMap<Struct, readonly string[]>();

/** Names of the fields that every key has. */
function neededIn(struct: Struct): readonly string[] {
  const known = needed.get(struct);
  if (known !== undefined) return known;
  const names = struct.fields.filter((field) => !isFiller(field)).map(({ name }) => name);
  needed.set(struct, names);
  return names;
}

/** Every field of a key in state form. */
export function decodeKey(map: MapName, bytes: Uint8Array, offset = 0): Record<string, FieldValue> {
  return readStruct(structsOf(map, 'state').key, bytes, offset);
}

/** Every field of a value in state form. */
export function decodeValue(
  map: MapName,
  bytes: Uint8Array,
  offset = 0,
): Record<string, FieldValue> {
  return readStruct(structsOf(map, 'state').value, bytes, offset);
}

/** Padding, or written by the kernel side alone: zero in a State. */
export function isFiller(field: { readonly name: string; readonly runtime?: true }): boolean {
  return field.runtime === true || /^pad\d*$/.test(field.name);
}

/** Reads a struct in any form; a device in kernel form is its number. For the fields of an event, too. */
export function readStruct(
  struct: Struct,
  bytes: Uint8Array,
  offset = 0,
): Record<string, FieldValue> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Record<string, FieldValue> = {};
  for (const field of struct.fields) fields[field.name] = read(field, view, bytes, offset);
  return fields;
}

function writeStruct(
  map: MapName,
  struct: Struct,
  fields: Fields,
  { bytes, view }: { readonly bytes: Uint8Array; readonly view: DataView },
  offset: number,
): void {
  let known = 0;
  for (const field of struct.fields) {
    const value = fields[field.name];
    if (value === undefined) continue;
    known++;
    try {
      write(field, value, view, bytes, offset + field.offset);
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new RangeError(`${map}.${field.name}: ${said}`, { cause });
    }
  }
  const given = Object.keys(fields);
  if (known === given.length) return;
  const names = new Set(struct.fields.map((field) => field.name));
  const stranger = given.find((name) => !names.has(name));
  if (stranger !== undefined) throw new RangeError(`${map} has no field ${stranger}`);
}

function read(field: Placed, view: DataView, bytes: Uint8Array, start: number): FieldValue {
  const at = start + field.offset;
  switch (field.type) {
    case 'u8':
      return view.getUint8(at);
    case 'u16':
      return view.getUint16(at, true);
    case 'be16':
      return view.getUint16(at, false);
    case 'u32':
      return view.getUint32(at, true);
    case 'u64':
      return view.getBigUint64(at, true);
    case 'addr':
      return formatAddress(bytes, at);
    case 'mac':
      return formatMac(bytes, at);
    case 'ifname':
      return field.size === IFNAME_SIZE ? readName(bytes, at) : view.getUint32(at, true);
  }
}

function write(
  field: Placed,
  value: FieldValue,
  view: DataView,
  bytes: Uint8Array,
  at: number,
): void {
  switch (field.type) {
    case 'u8':
      return view.setUint8(at, whole(value, 0xff));
    case 'u16':
      return view.setUint16(at, whole(value, 0xffff), true);
    case 'be16':
      return view.setUint16(at, whole(value, 0xffff), false);
    case 'u32':
      return view.setUint32(at, whole(value, 0xffff_ffff), true);
    case 'u64': {
      const number = BigInt(value);
      if (number < 0n || number >= 1n << 64n) throw new RangeError(`${value} does not fit`);
      return view.setBigUint64(at, number, true);
    }
    case 'addr':
      if (typeof value !== 'string') throw new RangeError(`not an address: ${value}`);
      bytes.fill(0, at, at + ADDRESS_SIZE);
      return writeAddress(value, bytes, at);
    case 'mac':
      return writeMac(value, bytes, at);
    case 'ifname':
      return writeName(value, bytes, at);
  }
}

function whole(value: FieldValue, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`${String(value)} is not a whole number from 0 to ${most}`);
  }
  return value;
}

function formatMac(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), (b) => b.toString(16).padStart(2, '0')).join(':');
}

function writeMac(value: FieldValue, bytes: Uint8Array, at: number): void {
  if (typeof value !== 'string' || !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value)) {
    throw new RangeError(`not a MAC address: ${String(value)}`);
  }
  value.split(':').forEach((part, i) => (bytes[at + i] = Number.parseInt(part, 16)));
}

/** A device name of at most 15 bytes, ended by a zero. */
export function readName(bytes: Uint8Array, at: number): string {
  let end = at;
  while (end < at + IFNAME_SIZE && bytes[end] !== 0) end++;
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('utf8');
}

export function writeName(value: FieldValue, bytes: Uint8Array, at: number): void {
  const name = typeof value === 'string' ? Buffer.from(value, 'utf8') : undefined;
  if (name === undefined || name.length >= IFNAME_SIZE || name.includes(0)) {
    throw new RangeError(`not a device name: ${String(value)}`);
  }
  bytes.fill(0, at, at + IFNAME_SIZE);
  bytes.set(name, at);
}
