import { PlumbError } from '../src/model/error.js';

/** Plain data: what JSON can say. */
export type Plain =
  null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };

/**
 * A frozen copy of plain data. A member that is `undefined` would silently be left out, and a selector
 * or peer that is left out means "everything": so it is an error, like everything else that JSON loses.
 * @param where construct path, for the error
 * @param name the property, for the error
 * @throws PlumbError PLB_NOT_PLAIN
 */
export function plain<T>(value: T, where: string, name: string): T {
  return copy(value, where, name) as T;
}

function copy(value: unknown, where: string, name: string): Plain {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) {
    // Array.from visits the holes that map would skip.
    return Object.freeze(Array.from(value, (item, i) => copy(item, where, `${name}[${i}]`)));
  }
  if (typeof value === 'object') return copyObject(value, where, name);
  throw notPlain(typeof value === 'number' ? String(value) : typeof value, where, name);
}

function copyObject(value: object, where: string, name: string): Plain {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw notPlain(`a ${value.constructor.name}`, where, name);
  }
  const result: Record<string, Plain> = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') throw notPlain(`a member called ${key}`, where, name);
    result[key] = copy(member, where, `${name}.${key}`);
  }
  return Object.freeze(result);
}

function notPlain(what: string, where: string, name: string): PlumbError {
  return new PlumbError('PLB_NOT_PLAIN', `${where}: ${name} is ${what}`, {
    origin: { path: where },
    hint:
      what === 'undefined'
        ? `Leave ${name} out if that is meant; what is left out often means "everything".`
        : 'Use text, numbers, true, false, lists and object literals only.',
  });
}

/**
 * Types allow for no unknown property, but a program may get around types.
 * @throws PlumbError PLB_UNKNOWN_FIELD
 */
export function onlyKnown(value: object, known: readonly string[], where: string): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    throw new PlumbError('PLB_UNKNOWN_FIELD', `${where}: there is no property ${key}`, {
      origin: { path: where },
      hint: `Use one of ${known.join(', ')}.`,
    });
  }
}
