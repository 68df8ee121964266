import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildColumns,
  concat,
  groupColumns,
  groupKey,
  indexOf,
  isAscending,
  rowsOf,
  widthsOf,
} from '../../src/state/columns.js';
import { encodeKey } from '../../src/state/codec.js';
import { diffColumns, patchColumns, sides } from '../../src/state/difference.js';
import type { Columns } from '../../src/state/state.js';

const widths = widthsOf('plumb_classes');

function columns(entries: ReadonlyMap<number, number>): Columns {
  const rows = [...entries].map(([identity, id]) => ({ key: { identity }, value: { class: id } }));
  return buildColumns('plumb_classes', rows);
}

function entriesOf(rows: Columns): Map<number, number> {
  const entries = rowsOf('plumb_classes', rows).map((row): [number, number] => [
    Number(row.key['identity']),
    Number(row.value['class']),
  ]);
  return new Map(entries);
}

const entries = fc
  .array(fc.tuple(fc.nat(600), fc.nat(3)), { maxLength: 200 })
  .map((pairs) => new Map(pairs));

describe('columns', () => {
  it('sort rows by their bytes and keep their values', () => {
    fc.assert(
      fc.property(entries, (map) => {
        const built = columns(map);
        expect(isAscending(built, widths.key)).toBe(true);
        expect(entriesOf(built)).toEqual(new Map([...map]));
      }),
    );
  });

  it('refuse two rows with one key', () => {
    const row = { key: { identity: 1 }, value: { class: 1 } };
    expect(() => buildColumns('plumb_classes', [row, row])).toThrow('the same key');
  });

  it('differ exactly in the keys and values that differ', () => {
    fc.assert(
      fc.property(entries, entries, (a, b) => {
        const d = diffColumns(columns(a), columns(b), widths);
        const differing = [...b].filter(([k, v]) => a.has(k) && a.get(k) !== v).length;
        expect(d.added.length).toBe([...b.keys()].filter((k) => !a.has(k)).length);
        expect(d.removed.length).toBe([...a.keys()].filter((k) => !b.has(k)).length);
        expect(d.changedAfter.length).toBe(differing);
        expect(d.changedBefore.length).toBe(differing);
      }),
    );
  });

  it('become one another by their difference, both ways', () => {
    fc.assert(
      fc.property(entries, entries, (x, y) => {
        const a = columns(x);
        const b = columns(y);
        const change = sides(a, b, widths);
        expect(patchColumns(a, change.before, change.after, widths)).toEqual(b);
        expect(patchColumns(b, change.after, change.before, widths)).toEqual(a);
      }),
    );
  });

  it('refuse a change made for other rows', () => {
    const change = columns(new Map([[1, 1]]));
    expect(() => patchColumns(columns(new Map()), change, change, widths)).toThrow('not there');
  });

  it('find a key by its bytes', () => {
    const rows = columns(new Map([1, 256, 65_536, 70_000].map((n) => [n, n])));
    const at = indexOf(rows, encodeKey('plumb_classes', { identity: 65_536 }));
    expect(rowsOf('plumb_classes', rows)[at]?.value).toEqual({ class: 65_536 });
    expect(indexOf(rows, encodeKey('plumb_classes', { identity: 2 }))).toBe(-1);
  });

  it('group by the field that the layout names', () => {
    const ref = (version: number, id: number, table: number) => ({
      key: { version, direction: 0, class: id },
      value: { table },
    });
    const rows = buildColumns('plumb_refs', [ref(9, 1, 5), ref(0xabc, 0, 6), ref(9, 0, 7)]);
    const groups = groupColumns('plumb_refs', rows);
    expect([...groups].map(([group, part]) => [groupKey('plumb_refs', group), part.count])).toEqual(
      [
        ['plumb_refs/00000009', 2],
        ['plumb_refs/00000abc', 1],
      ],
    );
    expect(concat([...groups.values()], widthsOf('plumb_refs'))).toEqual(rows);
  });

  it('find one change among a million entries in well under a second', () => {
    const count = 1_000_000;
    const keys = new Uint8Array(count * 4);
    for (let i = 0; i < count; i++) new DataView(keys.buffer).setUint32(i * 4, i, false);
    const before = { count, keys, values: new Uint8Array(count * 4) };
    const after = { ...before, values: before.values.slice() };
    after.values[4 * 765_432] = 1;
    const start = performance.now();
    const d = diffColumns(before, after, widths);
    expect(performance.now() - start).toBeLessThan(500);
    expect(d).toEqual({
      added: [],
      removed: [],
      changedBefore: [765_432],
      changedAfter: [765_432],
    });
  });
});
