import Table from 'cli-table3';
import pc from 'picocolors';
import { rowAt } from '../state/columns.js';
import { KIND_NAMES } from '../state/kinds.js';
import type { EntriesResource, KindName, Resource, State } from '../state/state.js';
import type { LayoutOptions } from './line.js';
import { toReadable } from '../state/readable.js';
import { keyText } from './row-lines.js';
import { counted, visible } from './text.js';

/** Rows of one map that are shown; of more, how many. */
const SHOWN = 50;

/** A state for a terminal: a table for each kind, and for each set of rows. No line feed at the end. */
export function renderState(state: State, options: LayoutOptions): string {
  const c = pc.createColors(options.colour);
  const kept = new Set(state.previous);
  const blocks = [c.bold(visible(state.node))];
  for (const kind of KIND_NAMES) {
    const own = state.resources.filter((resource) => resource.kind === kind);
    if (own.length === 0) continue;
    if (kind === 'bpf-entries') {
      for (const resource of own) {
        if (resource.kind === 'bpf-entries') blocks.push(rowsTable(resource, kept, c));
      }
    } else blocks.push(`${c.bold(kind)}\n${plainTable(kind, own)}`);
  }
  return blocks.join('\n\n');
}

function plainTable(_kind: KindName, resources: readonly Resource[]): string {
  const columns = new Set<string>();
  const rows = resources.map((resource) => {
    const flat = resource.kind === 'bpf-entries' ? {} : flatten(resource.attributes);
    for (const name of Object.keys(flat)) columns.add(name);
    return flat;
  });
  const names = [...columns];
  return table(
    names,
    rows.map((row) => names.map((name) => row[name] ?? '')),
  );
}

function rowsTable(
  resource: EntriesResource,
  kept: ReadonlySet<string>,
  c: ReturnType<typeof pc.createColors>,
): string {
  const { key, map, columns, label } = resource;
  const shown = Math.min(columns.count, SHOWN);
  const rows = Array.from({ length: shown }, (_, i) => rowAt(map, columns, i));
  const values = rows.map((row) => toReadable(map, 'value', row.value));
  const names = [...new Set(values.flatMap((value) => Object.keys(value)))];
  const body = values.map((value, i) => {
    const row = rows[i];
    return [
      row === undefined ? '' : keyText(map, row),
      ...names.map((n) => String(value[n] ?? '')),
    ];
  });
  const head = [
    c.bold(key),
    ...(label === undefined ? [] : [visible(label)]),
    c.dim(counted(columns.count, 'row')),
    ...(kept.has(key) ? [c.dim('kept for undo')] : []),
  ].join('  ');
  const more = columns.count > shown ? `\nand ${counted(columns.count - shown, 'row')} more` : '';
  return `${head}\n${table(['key', ...names], body)}${more}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const made = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    chars: PLAIN,
  });
  for (const row of rows) made.push(row.map(visible));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n');
}

// Columns of text without lines around them, so that a row can be copied and searched for.
const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

function flatten(value: object, path = ''): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    const at = path === '' ? name : `${path}.${name}`;
    if (typeof member === 'object' && member !== null) Object.assign(flat, flatten(member, at));
    else flat[at] = String(member);
  }
  return flat;
}
