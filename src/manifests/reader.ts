import type { Place } from '../model/construct-call.js';
import type { At } from './place.js';
import { Refused } from './place.js';

/**
 * Makes a value of what is written at a place.
 * @throws Refused after having recorded what is wrong; a list or an object reads all of its parts first
 */
export type Reader<T> = (at: At) => T;

/** A field of an object: `undefined` where it may be absent. */
export interface Field<T> {
  readonly read: Reader<T>;
  readonly isRequired: boolean;
}

export function required<T>(read: Reader<T>): Field<T> {
  return { read, isRequired: true };
}

/** Absent and null are the same, as in Kubernetes. */
export function optional<T>(read: Reader<T>): Field<T | undefined> {
  return { read, isRequired: false };
}

/** A field that is known and says nothing of who may talk to whom. */
export const ignored: Field<undefined> = optional(() => undefined);

/** Several of those. */
export function meaningless<K extends string>(...names: readonly K[]): Record<K, Field<undefined>> {
  return Object.fromEntries(names.map((name) => [name, ignored])) as Record<K, Field<undefined>>;
}

/** A field that is known and cannot be had. */
export function refused(why: string, hint: string): Field<undefined> {
  return optional((at) => at.refuse('PLB_MANIFEST_UNSUPPORTED', `is not supported: ${why}`, hint));
}

/** Fields by name; those that `T` does not have are read, and make nothing of use. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** An object with these fields and no others. */
export function object<T extends object>(
  what: string,
  fields: { readonly [K in keyof T]-?: Field<T[K]> } & Fields,
): Reader<T> {
  const table: Fields = fields;
  return (at) => {
    const values: Record<string, unknown> = {};
    const present = new Set<string>();
    const tasks = at.pairs(what).map(([name, member]) => (): undefined => {
      const field = Object.hasOwn(table, name) ? table[name] : undefined;
      if (field === undefined) {
        const known = Object.keys(table).join(', ');
        return member.refuse(
          'PLB_MANIFEST_FIELD',
          `is no field of a ${what}`,
          `There are ${known}.`,
        );
      }
      if (member.isNull && !field.isRequired) return undefined;
      present.add(name);
      values[name] = field.read(member);
      return undefined;
    });
    const missing = (): undefined => {
      for (const [name, { isRequired }] of Object.entries(table)) {
        if (!isRequired || present.has(name)) continue;
        at.refuse('PLB_MANIFEST_VALUE', `has no ${name}`, `A ${what} needs it.`);
      }
    };
    all([...tasks, missing]);
    return values as T;
  };
}

export function list<T>(read: Reader<T>): Reader<readonly T[]> {
  return (at) => all(at.items().map((item) => () => read(item)));
}

/** Text to text, for labels. */
export const texts: Reader<Readonly<Record<string, string>>> = (at) =>
  Object.fromEntries(
    all(
      at.pairs('mapping of text').map(
        ([name, value]) =>
          () =>
            [name, text(value)] as const,
      ),
    ),
  );

export const text: Reader<string> = (at) => {
  const value = at.scalar();
  if (typeof value === 'string') return value;
  return at.refuse('PLB_MANIFEST_VALUE', 'is no text', 'Write text; quote numbers and booleans.');
};

export const integer: Reader<number> = (at) => {
  const value = at.scalar();
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  return at.refuse('PLB_MANIFEST_VALUE', 'is no whole number', 'Write it without quotes.');
};

export const boolean: Reader<boolean> = (at) => {
  const value = at.scalar();
  if (typeof value === 'boolean') return value;
  return at.refuse('PLB_MANIFEST_VALUE', 'is neither true nor false', 'Write true or false.');
};

export const textOrInteger: Reader<string | number> = (at) =>
  typeof at.scalar() === 'string' ? text(at) : integer(at);

export function oneOf<T extends string>(...values: readonly T[]): Reader<T> {
  return (at) => {
    const value = values.find((known) => known === at.scalar());
    if (value !== undefined) return value;
    return at.refuse('PLB_MANIFEST_VALUE', 'has an unknown value', `Use ${values.join(', ')}.`);
  };
}

/** A value with where it is written. */
export interface Placed<T> {
  readonly value: T;
  readonly at: At;
  readonly place: Place;
}

export function placed<T>(read: Reader<T>): Reader<Placed<T>> {
  return (at) => ({ value: read(at), at, place: at.place });
}

/** Does everything, also what comes after something that failed, so that all errors are recorded. */
function all<T>(tasks: readonly (() => T)[]): T[] {
  const results: T[] = [];
  let isRefused = false;
  for (const task of tasks) {
    try {
      results.push(task());
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      isRefused = true;
    }
  }
  if (isRefused) throw new Refused();
  return results;
}

type Defined<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
export function defined<T extends object>(value: T): Partial<Defined<T>> {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as Partial<Defined<T>>;
}
