import { widthsOf } from '../../src/state/columns.js';
import { MAPS } from '../../src/state/layout.js';
import { resource } from '../../src/state/kinds.js';
import { entries } from '../../src/state/kinds/bpf-entries.js';
import { keySize, valueSize } from '../../src/state/struct.js';
import type { Columns, State } from '../../src/state/state.js';

const MAP = 'plumb_ipcache';
const WORLD = 9;

/** Rows of plumb_ipcache, of so many addresses from 10.0.0.0 on; the one that changed is of the world. */
export function columns(count: number, changed = -1): Columns {
  const widths = widthsOf(MAP);
  const keys = new Uint8Array(count * widths.key);
  const values = new Uint8Array(count * widths.value);
  const keyView = new DataView(keys.buffer);
  const valueView = new DataView(values.buffer);
  for (let i = 0; i < count; i++) {
    keyView.setUint32(i * widths.key + 8, 0xffff, false);
    keyView.setUint32(i * widths.key + 12, 0x0a000000 + i, false);
    valueView.setUint32(i * widths.value, i === changed ? WORLD : 256 + (i % 60_000), true);
  }
  return { count, keys, values };
}

/** A node that knows who is at so many addresses. */
export function stateOf(count: number, changed?: number): State {
  const maxEntries = Math.max(count, MAPS[MAP].maxEntries);
  const shape = { type: MAPS[MAP].type, keySize: keySize(MAP), valueSize: valueSize(MAP) };
  const identities = Array.from({ length: Math.min(count, 60_000) }, (_, i) => 256 + i);
  const classes = [WORLD, ...identities].map((identity) => ({
    key: { identity },
    value: { class: 1 },
  }));
  return {
    version: 1,
    node: 'million',
    resources: [
      resource('bpf-map', { name: MAP, ...shape, maxEntries }),
      entries('plumb_classes', classes),
      { kind: 'bpf-entries', key: MAP, map: MAP, columns: columns(count, changed) },
    ],
  };
}
