import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../src/state/address.js';
import { decodeKey, decodeValue, encodeKey, encodeValue } from '../../src/state/codec.js';
import { buildColumns, rowsOf } from '../../src/state/columns.js';
import { fromKernel, toKernel, type Devices } from '../../src/state/kernel-form.js';
import { IFINDEX_BASE } from '../../src/state/layout.js';
import { keySize, mapNames, structsOf, valueSize } from '../../src/state/struct.js';

const devices: Devices = {
  ifindexOf: (name) => ({ lxca: IFINDEX_BASE + 3, lxcb: IFINDEX_BASE + 1 })[name],
  nameOf: (ifindex) => ({ [IFINDEX_BASE + 3]: 'lxca', [IFINDEX_BASE + 1]: 'lxcb' })[ifindex],
};

/** A value of plumb_config as the kernel holds it. */
function configValue(epoch: number, flags: number): Uint8Array {
  const value = new Uint8Array(valueSize('plumb_config'));
  value.set([epoch, 0, 0, 0, flags]);
  return value;
}

describe('the codec', () => {
  it('gives every struct the size that the datapath states', () => {
    const sizes = Object.fromEntries(mapNames().map((m) => [m, [keySize(m), valueSize(m)]]));
    expect(sizes).toEqual({
      plumb_config: [4, 32],
      plumb_endpoints: [16, 28],
      plumb_devices: [4, 48],
      plumb_ipcache: [16, 24],
      plumb_ipcache_lpm: [20, 24],
      plumb_classes: [4, 4],
      plumb_heads: [8, 4],
      plumb_refs: [12, 4],
      plumb_tables: [12, 8],
      plumb_conntrack: [40, 36],
      plumb_listeners: [4, 8],
      plumb_redirects: [40, 2],
      plumb_fragments: [40, 12],
      plumb_services: [20, 20],
      plumb_backends: [8, 20],
      plumb_members: [24, 4],
      plumb_affinity: [20, 24],
      plumb_events: [0, 88],
      plumb_metrics: [16, 16],
      plumb_counters: [4, 8],
    });
  });

  it('pads a struct as C does', () => {
    const tail = structsOf('plumb_events', 'kernel').value.fields.map((f) => [f.name, f.offset]);
    expect(Object.fromEntries(tail)).toMatchObject({
      time: 0,
      sourcePort: 12,
      source: 16,
      length: 76,
    });
  });

  it('writes ports in network order and other numbers in the order of the host', () => {
    const key = encodeKey('plumb_tables', {
      prefixLength: 64,
      table: 0x01020304,
      protocol: 6,
      port: 80,
    });
    expect([...key]).toEqual([64, 0, 0, 0, 4, 3, 2, 1, 6, 0, 0, 80]);
    expect(decodeKey('plumb_tables', key)).toEqual({
      prefixLength: 64,
      table: 0x01020304,
      protocol: 6,
      pad: 0,
      port: 80,
    });
  });

  it('refuses unknown fields, missing key fields and values that do not fit', () => {
    expect(() => encodeKey('plumb_ipcache', {})).toThrow('plumb_ipcache: the key has no address');
    expect(() => encodeValue('plumb_ipcache', { identty: 1 })).toThrow('no field identty');
    expect(() => encodeValue('plumb_ipcache', { identity: -1 })).toThrow('plumb_ipcache.identity');
    expect(() => encodeValue('plumb_ipcache', { identity: 2 ** 32 })).toThrow(RangeError);
    expect(() => encodeKey('plumb_ipcache', { address: '10.0.0.256' })).toThrow(
      'not an IP address',
    );
    expect(() => encodeKey('plumb_devices', { device: 'sixteen-letters!' })).toThrow('device name');
  });

  it('shows mapped addresses as IPv4 and others as RFC 5952 says', () => {
    const shown = (text: string): string => formatAddress(parseAddress(text));
    expect(shown('10.1.0.1')).toBe('10.1.0.1');
    expect(shown('::ffff:10.1.0.1')).toBe('10.1.0.1');
    expect(shown('2001:DB8:0:0:1:0:0:1')).toBe('2001:db8::1:0:0:1');
    expect(shown('2001:db8:0:1:1:1:1:1')).toBe('2001:db8:0:1:1:1:1:1');
    expect(shown('0:0:0:0:0:0:0:0')).toBe('::');
    expect(() => parseAddress('fe80::1%eth0')).toThrow(RangeError);
    expect(() => parseAddress('010.1.0.1')).toThrow(RangeError);
  });

  it('reads back every address it writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(parseAddress(formatAddress(bytes))).toEqual(bytes);
      }),
    );
  });

  it('reads back any bytes of a value that are in state form', () => {
    for (const map of mapNames()) {
      const { size } = structsOf(map, 'state').value;
      const devices = structsOf(map, 'state').value.fields.some((f) => f.type === 'ifname');
      if (devices) continue;
      fc.assert(
        fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (bytes) => {
          expect(encodeValue(map, decodeValue(map, bytes))).toEqual(bytes);
        }),
        { numRuns: 20 },
      );
    }
  });
});

describe('the kernel form', () => {
  const endpoint = {
    identity: 256,
    policySet: 7,
    mac: '02:00:00:00:00:01',
    hostMac: '02:00:00:00:00:02',
  };

  it('turns device names into ifindex and back', () => {
    const rows = buildColumns('plumb_endpoints', [
      { key: { address: '10.1.0.31' }, value: { device: 'lxca', ...endpoint } },
      { key: { address: 'fd00::31' }, value: { device: 'lxcb', ...endpoint } },
    ]);
    const kernel = toKernel('plumb_endpoints', rows, devices);
    expect(kernel.values.length).toBe(2 * 28);
    // fd00::31 sorts after ::ffff:10.1.0.31
    expect(new DataView(kernel.values.buffer).getUint32(0, true)).toBe(IFINDEX_BASE + 3);
    expect(fromKernel('plumb_endpoints', kernel, devices)).toEqual(rows);
  });

  it('indexes plumb_devices by ifindex less its base', () => {
    const rows = buildColumns('plumb_devices', [
      { key: { device: 'lxca' }, value: { identity: 256 } },
      { key: { device: 'lxcb' }, value: { identity: 257 } },
    ]);
    const kernel = toKernel('plumb_devices', rows, devices);
    expect([...new Uint32Array(kernel.keys.slice().buffer)]).toEqual([3, 1]);
    expect(fromKernel('plumb_devices', kernel, devices)).toEqual(rows);
  });

  it('names a device that is gone by its number, so that its row can be deleted', () => {
    const rows = buildColumns('plumb_devices', [
      { key: { device: 'lxca' }, value: { identity: 1 } },
    ]);
    const kernel = toKernel('plumb_devices', rows, devices);
    const read = fromKernel('plumb_devices', kernel, { ...devices, nameOf: () => undefined });
    expect(rowsOf('plumb_devices', read)[0]?.key).toEqual({ device: `?${IFINDEX_BASE + 3}` });
    expect(toKernel('plumb_devices', read, devices)).toEqual(kernel);
  });

  it('refuses a device that is not there', () => {
    const rows = buildColumns('plumb_devices', [
      { key: { device: 'lxcz' }, value: { identity: 1 } },
    ]);
    expect(() => toKernel('plumb_devices', rows, devices)).toThrow(
      'no device of ours is called lxcz',
    );
  });

  it('leaves out what only the kernel writes, and rows of an array that hold nothing', () => {
    const config = {
      count: 1,
      keys: new Uint8Array(4),
      values: configValue(9, 1),
    };
    const read = fromKernel('plumb_config', config, devices);
    expect(rowsOf('plumb_config', read)[0]?.value).toMatchObject({ epoch: 0, flags: 1 });
    const off = {
      count: 1,
      keys: new Uint8Array(4),
      values: configValue(9, 0),
    };
    expect(fromKernel('plumb_config', off, devices).count).toBe(0);
  });

  it('clears the buffer number of heads', () => {
    const heads = {
      count: 1,
      keys: Uint8Array.of(1, 0, 0, 0, 7, 0, 0, 0),
      values: new Uint8Array(4),
    };
    const [row] = rowsOf('plumb_heads', fromKernel('plumb_heads', heads, devices));
    expect(row?.key).toEqual({ buffer: 0, policySet: 7 });
  });
});
