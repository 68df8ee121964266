import { expect, onTestFinished, test } from 'vitest';
import { BpfMap } from '../../src/kernel/native.js';
import { openFlows } from '../../src/kernel/open-flows.js';
import { encodeKey, encodeValue } from '../../src/state/codec.js';
import { keySize, valueSize } from '../../src/state/struct.js';

test('an address is in use while a flow to or from it is', async () => {
  const map = BpfMap.create({
    ...{ type: 'lru_hash', name: 'flows', maxEntries: 64 },
    ...{ keySize: keySize('plumb_conntrack'), valueSize: valueSize('plumb_conntrack') },
  });
  onTestFinished(() => {
    map.close();
  });
  const now = Number(process.hrtime.bigint() / 1_000_000_000n);
  const put = (addressA: string, addressB: string, expires: number): void => {
    const ports = { portA: 40_000, portB: 443, protocol: 6, opener: 0 };
    const key = encodeKey('plumb_conntrack', { addressA, addressB, ...ports });
    map.update(key, encodeValue('plumb_conntrack', { expires }));
  };
  put('10.1.0.1', '192.0.2.1', now + 60);
  put('10.1.0.1', '192.0.2.2', now - 1);
  put('2001:db8::1', 'fd00::1', now + 60);
  const isInUse = await openFlows(map);
  expect(['192.0.2.1', '10.1.0.1', '2001:db8::1', 'fd00::1'].map(isInUse)).not.toContain(false);
  expect(['192.0.2.2', '192.0.2.3', '::1'].map(isInUse)).not.toContain(true);
});
