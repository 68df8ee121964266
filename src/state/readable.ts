import { isFiller, type FieldValue, type Fields } from './codec.js';
import { hex8 } from './columns.js';
import { DIRECTION, VERDICT, type MapName } from './layout.js';
import { structsOf } from './struct.js';

/** Fields as people read them: hashes as 8 hex digits, directions and verdicts as words, no fillers. */
export type ReadableFields = Readonly<Record<string, string | number>>;

const HASHES = new Set(['policySet', 'version', 'class', 'table']);
const WORDS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  direction: DIRECTION,
  verdict: VERDICT,
};

export function toReadable(map: MapName, part: 'key' | 'value', fields: Fields): ReadableFields {
  const readable: Record<string, string | number> = {};
  for (const field of structsOf(map, 'state')[part].fields) {
    const value = fields[field.name] ?? 0;
    if (isFiller(field) && value === 0) continue;
    readable[field.name] = readableValue(field.name, value);
  }
  return readable;
}

/** The opposite of {@link toReadable}; also takes plain numbers. @throws RangeError for an unknown word. */
export function fromReadable(readable: Readonly<Record<string, unknown>>): Fields {
  const fields: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(readable)) {
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new RangeError(`${name} is neither text nor a number`);
    }
    fields[name] = fieldValue(name, value);
  }
  return fields;
}

function readableValue(name: string, value: FieldValue): string | number {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return value;
  if (HASHES.has(name)) return hex8(value);
  const word = Object.entries(WORDS[name] ?? {}).find(([, number]) => number === value);
  return word?.[0] ?? value;
}

function fieldValue(name: string, value: string | number): FieldValue {
  if (typeof value === 'number') return value;
  if (HASHES.has(name)) {
    if (!/^[0-9a-f]{8}$/.test(value)) throw new RangeError(`${name} is not 8 hex digits: ${value}`);
    return Number.parseInt(value, 16);
  }
  const words = WORDS[name];
  if (words === undefined) return value;
  const number = Object.hasOwn(words, value) ? words[value] : undefined;
  if (number === undefined) throw new RangeError(`${name} is unknown: ${value}`);
  return number;
}
