import { afterEach, beforeEach, expect, test } from 'vitest';
import { apply } from '../../src/apply/apply.js';
import { openPinnedMaps, type PinnedMaps } from '../../src/kernel/bpf-map.js';
import { LearnedPeers } from '../../src/kernel/learned-peers.js';
import { learnedRows } from '../../src/kernel/learned-rows.js';
import type { BpfMap } from '../../src/kernel/native.js';
import { NAME_IDENTITY_MIN } from '../../src/model/identity.js';
import { plan } from '../../src/plan/make-plan.js';
import { encodeKey } from '../../src/state/codec.js';
import { rowsOf } from '../../src/state/columns.js';
import type { State } from '../../src/state/state.js';
import { ADDRESS, desiredState } from './desired.js';
import { KernelNode } from './node.js';

const [ONE, TWO] = [NAME_IDENTITY_MIN + 1, NAME_IDENTITY_MIN + 2];

let node: KernelNode;
let desired: State;
let pinned: PinnedMaps;
beforeEach(async () => {
  node = new KernelNode('plk-names');
  desired = desiredState(node.name);
  await apply(plan(desired, await node.read()), node.instance);
  pinned = await openPinnedMaps(node.instance);
});
afterEach(() => {
  pinned.close();
  node.dispose();
});

test('what was learned is in the kernel, and no plan sees it', async () => {
  const before = await node.read();
  const peers = writer();
  await peers.write(learned({ '192.0.2.1': ONE, '2001:db8::1': TWO }, { [ONE]: 7, [TWO]: 8 }));
  expect(await inKernel()).toEqual({
    peers: { '192.0.2.1': ONE, '2001:db8::1': TWO },
    classes: { [ONE]: 7, [TWO]: 8 },
  });
  const read = await node.read();
  expect(read).toEqual(before);
  expect(plan(desired, read).steps).toEqual([]);
});

test('only what changed is written, whoever wrote what was there', async () => {
  await writer().write(learned({ '192.0.2.1': ONE, '192.0.2.2': ONE }, { [ONE]: 7 }));
  // another process, which knows nothing yet
  const peers = writer();
  await peers.write(learned({ '192.0.2.2': TWO, '192.0.2.3': ONE }, { [ONE]: 9, [TWO]: 8 }));
  expect(await inKernel()).toEqual({
    peers: { '192.0.2.2': TWO, '192.0.2.3': ONE },
    classes: { [ONE]: 9, [TWO]: 8 },
  });
  await peers.write(learned({}, {}));
  expect(await inKernel()).toEqual({ peers: {}, classes: {} });
});

test('the address of an endpoint stays what the plan says, whatever the DNS says', async () => {
  const before = map('plumb_ipcache').lookup(encodeKey('plumb_ipcache', { address: ADDRESS.a }));
  expect(before).toBeDefined();
  const peers = writer();
  await peers.write(learned({ [ADDRESS.a]: ONE, '192.0.2.1': ONE }, { [ONE]: 7 }));
  await peers.write(learned({ [ADDRESS.a]: TWO, '192.0.2.1': TWO }, { [TWO]: 8 }));
  await peers.write(learned({}, {}));
  const key = encodeKey('plumb_ipcache', { address: ADDRESS.a });
  expect(map('plumb_ipcache').lookup(key)).toEqual(before);
  expect(plan(desired, await node.read()).steps).toEqual([]);
});

test('a row that a plan put over one that was learned is not taken away with it', async () => {
  const peers = writer();
  await peers.write(learned({ '10.77.0.99': ONE }, { [ONE]: 7 }));
  const ipcache = map('plumb_ipcache');
  const key = encodeKey('plumb_ipcache', { address: '10.77.0.99' });
  const planned = ipcache.lookup(encodeKey('plumb_ipcache', { address: ADDRESS.a }));
  if (planned === undefined) throw new Error('the plan wrote no row');
  ipcache.update(key, planned);
  await peers.write(learned({ '10.77.0.99': TWO }, { [TWO]: 8 }));
  expect(ipcache.lookup(key)).toEqual(planned);
  await peers.write(learned({}, {}), { anew: true });
  expect(ipcache.lookup(key)).toEqual(planned);
  expect(await inKernel()).toEqual({ peers: {}, classes: {} });
});

test('writes that are asked for at once leave what was asked for last', async () => {
  const peers = writer();
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      peers.write(learned({ [`192.0.2.${String(i)}`]: ONE }, { [ONE]: i + 1 })),
    ),
  );
  expect(await inKernel()).toEqual({ peers: { '192.0.2.19': ONE }, classes: { [ONE]: 20 } });
});

function writer(): LearnedPeers {
  return new LearnedPeers({ ipcache: map('plumb_ipcache'), classes: map('plumb_classes') });
}

function map(name: 'plumb_ipcache' | 'plumb_classes'): BpfMap {
  const found = pinned.get(name);
  if (found === undefined) throw new Error(`${name} is not pinned`);
  return found;
}

function learned(
  peers: Readonly<Record<string, number>>,
  classes: Readonly<Record<number, number>>,
) {
  const numbered = Object.entries(classes).map(([id, one]) => [Number(id), one] as const);
  return { peers: new Map(Object.entries(peers)), classes: new Map(numbered) };
}

async function inKernel() {
  const rows = async (name: 'plumb_ipcache' | 'plumb_classes') =>
    rowsOf(name, learnedRows(name, await map(name).dump()));
  const [peers, classes] = [await rows('plumb_ipcache'), await rows('plumb_classes')];
  return {
    peers: Object.fromEntries(peers.map(({ key, value }) => [key['address'], value['identity']])),
    classes: Object.fromEntries(classes.map(({ key, value }) => [key['identity'], value['class']])),
  };
}
