import { btfEnum, btfLayout, loadObject, type BpfObject } from 'libbpf-napi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CLUSTER_IDENTITY_MAX,
  CLUSTER_IDENTITY_MIN,
  NODE_IDENTITY_MIN,
  RESERVED,
} from '../../src/model/identity.js';
import {
  CONFIG_ALLOW_LOCALHOST,
  CONFIG_EVENT_ALLOWED,
  CONFIG_EVENT_BYTES,
  DIRECTION,
  ENDPOINT_AUDIT,
  ENTRY_AUDIT,
  ENTRY_DEFAULT,
  IFINDEX_BASE,
  LISTENER_EGRESS,
  LISTENER_SECOND,
  LISTENER_UDP,
  MAPS,
  PEER_DYNAMIC,
  REASONS,
  VERDICT,
} from '../../src/state/layout.js';
import { COUNTER, EVENT_BYTES, PROGRAM } from '../../src/state/layout-reports.js';
import { SCOPE_OUTSIDE, SERVICE_MAGLEV } from '../../src/state/layout-services.js';
import { PROXY_MARK, PROXY_MARK_MASK, PROXY_MODE } from '../../src/state/proxy-names.js';
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

  test('a record with bytes is an event and the bytes behind it', () => {
    const { size } = structsOf('plumb_events', 'kernel').value;
    expect(btfLayout(OBJECT, 'plumb_event_bytes')).toEqual({
      size: size + EVENT_BYTES,
      fields: [
        { name: 'event', offset: 0, size },
        { name: 'bytes', offset: size, size: EVENT_BYTES },
      ],
    });
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
  /** `policy-denied` is POLICY_DENIED in C. */
  function inC(numbers: Readonly<Record<string, number>>, prefix = ''): Record<string, number> {
    return Object.fromEntries(
      Object.entries(numbers).map(([name, n]) => [
        prefix + name.toUpperCase().replaceAll('-', '_'),
        n,
      ]),
    );
  }

  const enums: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    config_flag: { CONFIG_ALLOW_LOCALHOST, CONFIG_EVENT_BYTES, CONFIG_EVENT_ALLOWED },
    counter: inC(COUNTER),
    device_number: { IFINDEX_BASE },
    direction: inC(DIRECTION),
    endpoint_flag: { ENDPOINT_AUDIT },
    entry_flag: { ENTRY_DEFAULT, ENTRY_AUDIT },
    event_size: { EVENT_BYTES },
    identity: {
      IDENTITY_HOST: RESERVED.host,
      IDENTITY_REMOTE_NODE: RESERVED['remote-node'],
      IDENTITY_CLUSTER_MIN: CLUSTER_IDENTITY_MIN,
      IDENTITY_CLUSTER_MAX: CLUSTER_IDENTITY_MAX,
      IDENTITY_NODE_BIT: NODE_IDENTITY_MIN,
    },
    listener_bits: {
      LISTENER_EGRESS,
      LISTENER_ID: LISTENER_EGRESS - 1,
      LISTENER_SECOND,
      LISTENER_UDP,
    },
    peer_flag: { PEER_DYNAMIC },
    program: inC(PROGRAM),
    proxy_mark: { PROXY_MARK, PROXY_MARK_MASK },
    proxy_mode: inC(PROXY_MODE, 'PROXY_'),
    reason: inC(REASONS),
    service_flag: { SERVICE_MAGLEV },
    service_scope: { SCOPE_ANY: 0, SCOPE_OUTSIDE },
    verdict: inC(VERDICT),
  };

  test.each(Object.entries(enums))('enum %s', (name, numbers) => {
    expect(btfEnum(OBJECT, name)).toEqual(numbers);
  });

  test('are all that the object tells of for this comparison', () => {
    const told = btfLayout(OBJECT, 'also_in_btf').fields.map(({ name }) => name);
    const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    expect(told.map(snake).sort()).toEqual([...Object.keys(enums), 'record'].sort());
  });
});
