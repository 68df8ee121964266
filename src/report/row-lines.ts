import { EMPTY, rowsOf, select, widthsOf } from '../state/columns.js';
import { diffColumns } from '../state/difference.js';
import type { Row } from '../state/codec.js';
import type { MapName } from '../state/layout.js';
import { toReadable, type ReadableFields } from '../state/readable.js';
import type { Columns, EntriesResource } from '../state/state.js';
import { portText } from '../plan/describe.js';
import type { Step } from '../plan/plan.js';
import type { Line, Sign } from './line.js';
import { rangeTexts } from './ranges.js';
import { isServiceRow, serviceKeyText, serviceRowText } from './service-rows.js';
import { counted } from './text.js';

/** Rows of a step shown one by one; of more, the first and how many there are. */
const SHOWN = 3;
/** Of rows that go none is hidden: of more than this only the keys are said, as ranges. */
const SHOWN_REMOVED = 20;

/** The first rows that a step adds and changes, and all that it removes. */
export function rowLines({ before, after }: Step): Line[] {
  const map = entriesOf(after)?.map ?? entriesOf(before)?.map;
  if (map === undefined) return [];
  const old = entriesOf(before)?.columns ?? EMPTY;
  const next = entriesOf(after)?.columns ?? EMPTY;
  const d = diffColumns(old, next, widthsOf(map));
  const part = (columns: Columns, indices: readonly number[]): Row[] =>
    rowsOf(map, select(columns, widthsOf(map), indices.slice(0, SHOWN)));
  const was = part(old, d.changedBefore);
  const changed = part(next, d.changedAfter).map((row, i) => changeText(map, was[i] ?? row, row));
  const origins = entriesOf(after)?.rowOrigins;
  return [
    ...some(
      '+',
      part(next, d.added).map((row) => rowText(map, row)),
      d.added,
      origins,
    ),
    ...some('~', changed, d.changedAfter, origins),
    ...removedLines(map, rowsOf(map, select(old, widthsOf(map), d.removed))),
  ];
}

function removedLines(map: MapName, rows: readonly Row[]): Line[] {
  if (rows.length <= SHOWN_REMOVED) {
    return rows.map((row): Line => ({ sign: '-', text: rowText(map, row), depth: 1 }));
  }
  const keys = rangeTexts(rows.map((row) => keyText(map, row)));
  return [{ sign: '-', text: keys.join(', '), depth: 1, wrap: true }];
}

function some(
  sign: Sign,
  texts: readonly string[],
  indices: readonly number[],
  origins?: EntriesResource['rowOrigins'],
): Line[] {
  const lines = texts.map((text, i): Line => {
    const origin = origins?.[indices[i] ?? -1];
    return { sign, text, depth: 1, ...(origin === undefined ? {} : { origin }) };
  });
  const more = indices.length - texts.length;
  return more > 0
    ? [...lines, { sign, text: `and ${counted(more, 'row')} more`, depth: 1 }]
    : lines;
}

/** `10.1.0.31 -> identity 256`. */
export function rowText(map: MapName, row: Row): string {
  if (isServiceRow(map)) return serviceRowText(map, row);
  const value = Object.entries(toReadable(map, 'value', row.value)).filter(([, v]) => tells(v));
  const said = value.map(([name, v]) => `${name} ${v}`).join(', ');
  return `${keyText(map, row)} -> ${said === '' ? 'nothing' : said}`;
}

function changeText(map: MapName, before: Row, after: Row): string {
  const old = toReadable(map, 'value', before.value);
  const next = toReadable(map, 'value', after.value);
  const differing = Object.keys(next).filter((name) => old[name] !== next[name]);
  const said = differing.map((name) => `${name} ${old[name] ?? 0} -> ${next[name] ?? 0}`);
  return `${keyText(map, after)}  ${said.join(', ')}`;
}

/** A key as it is said elsewhere: `10.0.0.0/8` for a prefix, `8080/TCP` in a table, `else` for no class. */
export function keyText(map: MapName, { key }: Row): string {
  const fields: ReadableFields = toReadable(map, 'key', key);
  const number = (name: string): number => Number(key[name] ?? 0);
  if (map === 'plumb_ipcache_lpm') {
    const address = String(fields['address']);
    const length = number('prefixLength');
    return `${address}/${address.includes('.') ? length - 96 : length}`;
  }
  if (map === 'plumb_tables') {
    return portText(number('prefixLength'), number('protocol'), number('port'));
  }
  if (isServiceRow(map)) return serviceKeyText(map, key);
  if (map === 'plumb_refs') {
    const of = number('class') === 0 ? 'else' : String(fields['class']);
    return `${String(fields['direction'])} ${of}`;
  }
  return Object.values(fields).join(' ');
}

function tells(value: string | number): boolean {
  return value !== 0 && value !== '::' && value !== '' && value !== '00:00:00:00:00:00';
}

function entriesOf(resource: Step['before']): EntriesResource | undefined {
  return resource?.kind === 'bpf-entries' ? resource : undefined;
}
