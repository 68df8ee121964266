import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attachSkLookup,
  attachTcx,
  BpfError,
  BpfLink,
  BpfMap,
  BpfProgram,
  btfEnum,
  btfLayout,
  isBpffs,
  listIds,
  loadObject,
  RingBuffer,
  tcxPrograms,
  unpin,
} from 'libbpf-napi';
import { Fixture } from './fixture.js';

const u32 = (...numbers: number[]): Uint8Array => new Uint8Array(Uint32Array.from(numbers).buffer);

/** Keys 0 to count-1 in `width` bytes, and for values their low bytes. */
function columns(count: number, width: number, valueWidth: number, prefix = 0) {
  const keys = new Uint8Array(count * width);
  const values = new Uint8Array(count * valueWidth);
  const view = new DataView(keys.buffer);
  for (let i = 0; i < count; i++) {
    if (prefix > 0) view.setUint32(i * width, prefix, true);
    view.setUint32((i + 1) * width - 4, i, prefix === 0);
    values[i * valueWidth] = i & 0xff;
  }
  return { keys, values };
}

describe.sequential('libbpf-napi', () => {
  let fixture: Fixture;
  beforeAll(() => {
    fixture = new Fixture();
  });
  afterAll(() => {
    fixture.dispose();
  });

  it('loads an object with the rodata that it is given, and runs its program on a device', async () => {
    const object = await loadObject(fixture.object, { rodata: { answer: u32(7) } });
    try {
      expect(object.programs().sort()).toEqual(['count', 'pass']);
      const run = await object.program('count').testRun({
        data: new Uint8Array(64),
        ifindex: fixture.ifindex,
        netns: fixture.netnsPath,
      });
      expect(run.retval).toBe(7);
      const entry = object.map('seen').lookup(u32(fixture.ifindex));
      expect(Array.from(entry ?? []).slice(4, 8)).toEqual([7, 0, 0, 0]);
      const many = await object.program('count').testRunBatch({
        packets: [new Uint8Array(64), new Uint8Array(64)],
        ifindexes: Uint32Array.of(fixture.ifindex, 1),
        netns: fixture.netnsPath,
      });
      expect(Array.from(many.retvals)).toEqual([7, 7]);
      expect(object.map('seen').lookup(u32(1))).toBeDefined();
    } finally {
      object.close();
    }
  });

  it('refuses rodata that the object does not have, or of another size', async () => {
    await expect(loadObject(fixture.object, { rodata: { nothing: u32(1) } })).rejects.toMatchObject(
      {
        code: 'ENOENT',
      },
    );
    await expect(
      loadObject(fixture.object, { rodata: { answer: new Uint8Array(8) } }),
    ).rejects.toMatchObject({ code: 'EMSGSIZE' });
  });

  it("carries the verifier's words in the error for a program that it rejects", async () => {
    const error = await loadObject(fixture.rejected).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(BpfError);
    expect((error as BpfError).code).toMatch(/^E/);
    expect((error as BpfError).log).toContain('R');
    expect((error as BpfError).message).toMatch(/invalid mem access|pointer/);
  });

  it('reuses maps, so that what they hold outlives the object', async () => {
    const seen = BpfMap.create({
      type: 'hash',
      name: 'seen',
      keySize: 4,
      valueSize: 16,
      maxEntries: 16,
    });
    seen.update(u32(5), new Uint8Array(16).fill(9));
    const object = await loadObject(fixture.object, { reuseMaps: { seen } });
    expect(object.map('seen').info().id).toBe(seen.info().id);
    object.close();
    expect(seen.lookup(u32(5))?.[0]).toBe(9);
    seen.close();
  });

  it('pins, opens and unpins maps and programs', async () => {
    const object = await loadObject(fixture.object);
    const path = join(fixture.bpffs, 'count');
    object.program('count').pin(path);
    const { id, tag } = object.program('count').info();
    object.close();
    const again = BpfProgram.openPinned(path);
    expect(again.info()).toMatchObject({ id, tag, name: 'count', type: 'sched_cls' });
    again.close();
    expect(isBpffs(fixture.bpffs)).toBe(true);
    unpin(path);
    unpin(path);
    expect(existsSync(path)).toBe(false);
    expect(() => BpfProgram.openPinned(path)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it.each([
    ['hash', 8, 0],
    ['lru_hash', 8, 0],
    ['lpm_trie', 8, 32],
  ])('writes, dumps and deletes 10,000 entries of a %s at a time', async (type, width, prefix) => {
    const map = BpfMap.create({
      type,
      name: 'many',
      keySize: width,
      valueSize: 4,
      maxEntries: 65_536,
      flags: type === 'lpm_trie' ? 1 : 0,
    });
    const { keys, values } = columns(10_000, width, 4, prefix);
    await map.updateBatch(keys, values, 10_000);
    const dump = await map.dump();
    expect(dump.count).toBe(10_000);
    const distinct = new Set<string>();
    for (let i = 0; i < dump.count; i++) {
      const key = dump.keys.subarray(i * width, (i + 1) * width);
      distinct.add(Buffer.from(key).toString('hex'));
      expect(map.lookup(key)?.[0]).toBe(dump.values[i * 4]);
    }
    expect(distinct.size).toBe(10_000);
    await map.deleteBatch(keys.subarray(0, 5_000 * width), 5_000);
    await map.deleteBatch(keys.subarray(0, 5_000 * width), 5_000);
    expect((await map.dump()).count).toBe(5_000);
    map.close();
  });

  it('sees the values of every CPU in a per-CPU map', async () => {
    const map = BpfMap.create({
      type: 'percpu_hash',
      name: 'percpu',
      keySize: 4,
      valueSize: 8,
      maxEntries: 4,
    });
    const size = (await import('node:os')).cpus().length * 8;
    const value = new Uint8Array(size).fill(3);
    map.update(u32(1), value);
    expect(map.lookup(u32(1))).toEqual(value);
    expect(() => {
      map.update(u32(1), new Uint8Array(8 + size));
    }).toThrow(/bytes of values/);
    map.close();
  });

  it('hands on the records of a ring buffer, once each, also in the background', async () => {
    const object = await loadObject(fixture.object);
    const records: number[] = [];
    const ring = new RingBuffer(object.map('ring'), (record) => {
      records.push(record[0] ?? 0);
    });
    const run = (): Promise<unknown> =>
      object.program('count').testRun({ data: new Uint8Array(64), ifindex: 1 });
    await run();
    await run();
    expect(ring.consume()).toBe(2);
    expect(ring.consume()).toBe(0);
    ring.start();
    await run();
    for (let i = 0; i < 100 && records.length < 3; i++) await new Promise((r) => setTimeout(r, 20));
    expect(records).toEqual([1, 1, 1]);
    ring.close();
    ring.close();
    expect(() => ring.consume()).toThrow(/closed/);
    object.close();
  });

  it('tells the layout of a struct', () => {
    expect(btfLayout(fixture.object, 'entry')).toEqual({
      size: 16,
      fields: [
        { name: 'small', offset: 0, size: 1 },
        { name: 'number', offset: 4, size: 4 },
        { name: 'bytes', offset: 8, size: 6 },
      ],
    });
    expect(() => btfLayout(fixture.object, 'nothing')).toThrow(BpfError);
  });

  it('tells the constants of an enum', () => {
    expect(btfEnum(fixture.object, 'bits')).toEqual({ LOWEST: 1, HIGHEST: 0x8000_0000 });
    expect(btfEnum(fixture.object, 'sign')).toEqual({ MINUS: -1, PLUS: 1 });
    expect(() => btfEnum(fixture.object, 'entry')).toThrow(BpfError);
  });

  it('attaches to tcx and to SK_LOOKUP in a namespace, and pins the link', async () => {
    const object = await loadObject(fixture.object);
    const tcx = await attachTcx({
      program: object.program('count'),
      ifindex: fixture.ifindex,
      direction: 'ingress',
      netns: fixture.netnsPath,
    });
    const path = join(fixture.bpffs, 'tcx');
    tcx.pin(path);
    tcx.close();
    const again = BpfLink.openPinned(path);
    expect(again.info()).toMatchObject({
      type: 'tcx',
      programId: object.program('count').info().id,
    });
    const place = { ifindex: fixture.ifindex, netns: fixture.netnsPath };
    const programs = () => tcxPrograms({ ...place, direction: 'ingress' });
    expect(await programs()).toEqual([object.program('count').info().id]);
    expect(await tcxPrograms({ ...place, direction: 'egress' })).toEqual([]);
    await again.detach();
    expect(await programs()).toEqual([]);
    again.close();
    unpin(path);
    const lookup = await attachSkLookup({
      program: object.program('pass'),
      netns: fixture.netnsPath,
    });
    expect(lookup.info().type).toBe('netns');
    expect(listIds('link')).toContain(lookup.info().id);
    lookup.close();
    object.close();
  });

  it('refuses handles that were closed and buffers of another size', () => {
    const map = BpfMap.create({ type: 'hash', name: 'm', keySize: 4, valueSize: 4, maxEntries: 1 });
    expect(() => map.lookup(new Uint8Array(3))).toThrow(/bytes of keys/);
    map.close();
    map.close();
    expect(() => map.info()).toThrow(/closed/);
  });
});
