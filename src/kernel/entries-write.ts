import { select, widthsOf, EMPTY, type Widths } from '../state/columns.js';
import { toKernel, type Devices } from '../state/kernel-form.js';
import { HEADS } from '../state/kinds/bpf-entries.js';
import { LIVE_HEADS } from '../plan/entries-drafts.js';
import { readName } from '../state/codec.js';
import { IFINDEX_BASE, MAPS, type MapName } from '../state/layout.js';
import type { Columns, EntriesResource } from '../state/state.js';
import { keySize, layoutOf, valueSize } from '../state/struct.js';
import { commit, readConfig, writeConfig } from './epoch.js';
import { inBuffer, otherBuffer } from './heads.js';
import type { WriteContext } from './write-context.js';

const CONFIG = MAPS.plumb_config.name;

export interface EntriesStep {
  readonly key: string;
  readonly map: MapName;
  /** Rows that go or change. */
  readonly before: Columns;
  /** Rows that come or change. */
  readonly after: Columns;
}

export function entriesStep(
  key: string,
  before: EntriesResource | null,
  after: EntriesResource | null,
): EntriesStep {
  const map = (after ?? before)?.map;
  if (map === undefined) throw new RangeError(`a step on ${key} has no rows`);
  return { key, map, before: before?.columns ?? EMPTY, after: after?.columns ?? EMPTY };
}

/** Writes what comes, then takes away what goes, so that what stays is never absent. */
export async function writeEntries(context: WriteContext, step: EntriesStep): Promise<void> {
  if (step.map === HEADS) return writeHeads(context, step);
  await context.devices.load();
  const devices = context.devices.forRows();
  const after = toKernel(step.map, step.after, devices);
  if (step.map === CONFIG) {
    const zero = new Uint8Array(valueSize(CONFIG));
    writeConfig(context.objects.map(CONFIG), after.count > 0 ? after.values : zero);
    return;
  }
  await replaceRows(context, step.map, kernelKeys(step.map, step.before, devices), after);
}

/** Flips the active buffer if asked, and raises the generation. */
export function commitEpoch(context: WriteContext, flip: boolean): void {
  commit(context.objects.map(CONFIG), flip);
}

/** Steps on the heads write the idle buffer, but for those that name the live one. */
async function writeHeads(context: WriteContext, step: EntriesStep): Promise<void> {
  const { active } = readConfig(context.objects.map(CONFIG)).epoch;
  const buffer = step.key === LIVE_HEADS ? active : otherBuffer(active);
  await replaceRows(context, HEADS, inBuffer(step.before, buffer), inBuffer(step.after, buffer));
}

async function replaceRows(
  context: WriteContext,
  name: MapName,
  before: Columns,
  after: Columns,
): Promise<void> {
  const map = context.objects.map(name);
  if (after.count > 0) await map.updateBatch(after.keys, after.values, after.count);
  const gone = without(before, after, { key: keySize(name), value: valueSize(name) });
  if (gone.count === 0) return;
  // An array has no absent rows: zero is what it calls one.
  if (layoutOf(name).type !== 'array') return map.deleteBatch(gone.keys, gone.count);
  await map.updateBatch(gone.keys, new Uint8Array(gone.count * valueSize(name)), gone.count);
}

/** Rows of `before` whose key is not in `after`; order does not matter. */
function without(before: Columns, after: Columns, widths: Widths): Columns {
  const text = ({ keys }: Columns, i: number): string =>
    Buffer.from(keys.buffer, keys.byteOffset + i * widths.key, widths.key).toString('latin1');
  const stay = new Set(Array.from({ length: after.count }, (_, i) => text(after, i)));
  const gone: number[] = [];
  for (let i = 0; i < before.count; i++) if (!stay.has(text(before, i))) gone.push(i);
  return gone.length === before.count ? before : select(before, widths, gone);
}

/** Keys of rows to take away. A device that is not there has no row, and values do not matter. */
function kernelKeys(map: MapName, rows: Columns, devices: Devices): Columns {
  const values = new Uint8Array(rows.values.length);
  if (map !== MAPS.plumb_devices.name) return toKernel(map, { ...rows, values }, devices);
  const widths = widthsOf(map);
  const present: number[] = [];
  for (let i = 0; i < rows.count; i++) {
    const device = readName(rows.keys, i * widths.key);
    const ifindex = device.startsWith('?') ? IFINDEX_BASE : devices.ifindexOf(device);
    if (ifindex !== undefined && ifindex >= IFINDEX_BASE) present.push(i);
  }
  return toKernel(map, select({ ...rows, values }, widths, present), devices);
}
