import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { btfLayout, loadObject, type BpfObject } from 'libbpf-napi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CONFIG_ALLOW_LOCALHOST,
  CONFIG_EVENT_ALLOWED,
  CONFIG_EVENT_BYTES,
  DIRECTION,
  ENDPOINT_AUDIT,
  ENTRY_DEFAULT,
  IFINDEX_BASE,
  MAPS,
  REASONS,
  VERDICT,
} from '../../src/state/layout.js';
import { COUNTER, EVENT_BYTES, PROGRAM } from '../../src/state/layout-reports.js';
import { mapNames, structsOf, type Struct } from '../../src/state/struct.js';
import { OBJECT } from './datapath.js';

const structs = new Map<string, Struct>();
for (const name of mapNames()) {
  const { keyStruct, valueStruct } = MAPS[name];
  const { key, value } = structsOf(name, 'kernel');
  structs.set(keyStruct, key).set(valueStruct, value);
}
const shared = [...structs].filter(([name]) => name.startsWith('plumb_') && name !== 'plumb_addr');

describe('structs shared with the datapath', () => {
  test('are more than a few', () => {
    expect(shared.length).toBeGreaterThan(10);
  });

  test.each(shared)('%s has the same size and offsets in C', (name, { size, fields }) => {
    const inC = btfLayout(OBJECT, name);
    expect(inC.size).toBe(size);
    expect(inC.fields.map(({ name, offset, size }) => ({ name, offset, size }))).toEqual(
      fields.map(({ name, offset, size }) => ({ name, offset, size })),
    );
  });

  test('an address is 16 bytes', () => {
    expect(btfLayout(OBJECT, 'plumb_addr').size).toBe(16);
  });
});

describe('maps of the object', () => {
  let object: BpfObject;
  beforeAll(async () => {
    object = await loadObject(OBJECT);
  });
  afterAll(() => {
    object.close();
  });

  test('are those of the layout, besides .rodata', () => {
    expect(
      object
        .maps()
        .filter((name) => name.startsWith('plumb_'))
        .sort(),
    ).toEqual(mapNames().sort());
  });

  test.each(mapNames())('%s has its type, size and sizes of entries', (name) => {
    const { type, maxEntries } = MAPS[name];
    const { key, value } = structsOf(name, 'kernel');
    const bytes = type === 'ringbuf' ? { key: 0, value: 0 } : { key: key.size, value: value.size };
    expect(object.map(name).info()).toMatchObject({
      type,
      maxEntries,
      keySize: bytes.key,
      valueSize: bytes.value,
    });
  });
});

describe('numbers shared with the datapath', () => {
  const source = ['types.h', 'reasons.h']
    .map((name) => readFileSync(join(import.meta.dirname, '../../bpf/include', name), 'utf8'))
    .join('');

  /** Constants of a C enum by name. */
  function constantsOf(name: string): Record<string, number> {
    const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source)?.[1] ?? '';
    let next = 0;
    return Object.fromEntries(
      body.match(/\w+(?: = \d+)?/g)!.map((item) => {
        const [constant = '', value] = item.split(' = ');
        next = value === undefined ? next : Number(value);
        return [constant, next++];
      }),
    );
  }

  /** `policy-denied` is POLICY_DENIED in C. */
  function inC(numbers: Readonly<Record<string, number>>): Record<string, number> {
    return Object.fromEntries(
      Object.entries(numbers).map(([name, n]) => [name.toUpperCase().replaceAll('-', '_'), n]),
    );
  }

  test.each([
    ['reason', REASONS],
    ['verdict', VERDICT],
    ['direction', DIRECTION],
    ['program', PROGRAM],
    ['counter', COUNTER],
  ])('enum %s', (name, numbers) => {
    expect(constantsOf(name)).toEqual(inC(numbers));
  });

  test.each(
    Object.entries({
      CONFIG_ALLOW_LOCALHOST,
      CONFIG_EVENT_ALLOWED,
      CONFIG_EVENT_BYTES,
      ENDPOINT_AUDIT,
      ENTRY_DEFAULT,
      EVENT_BYTES,
      IFINDEX_BASE,
    }),
  )('%s', (name, value) => {
    expect(Number(new RegExp(`#define ${name} (\\d+)`).exec(source)?.[1])).toBe(value);
  });
});
