import { PlumbError } from '../model/error.js';
import { resource } from '../state/kinds.js';
import { EGRESS_BLOCK, INGRESS_BLOCK } from '../state/layout.js';
import type { PlainResource, TcBlockAttributes } from '../state/state.js';
import { programPin } from './instance.js';
import { BpfProgram, type Filter, type Netlink } from './native.js';
import type { WriteContext } from './write-context.js';

const BLOCKS = [INGRESS_BLOCK, EGRESS_BLOCK];

/** Where our filter is on a block. */
const PRIORITY = 1;
const HANDLE = 1;

/** ETH_P_ALL. */
const ALL = 3;

/** A block that no qdisc is bound to is not there, and neither are its filters. */
const NO_BLOCK = ['ENOENT', 'EINVAL'];

/** Filters on our two blocks: a name where it is the one pinned program, else `?` and what is there. */
export async function readFilters(
  netlink: Netlink,
  programs: ReadonlyMap<number, string>,
): Promise<PlainResource<'bpf-link'>[]> {
  const found: PlainResource<'bpf-link'>[] = [];
  for (const block of BLOCKS) {
    const filters = await netlink.filters({ block });
    if (filters.length === 0) continue;
    const program = programOf(filters, programs);
    found.push(resource('bpf-link', { attach: 'tc-block', block, program }));
  }
  return found;
}

function programOf(filters: readonly Filter[], programs: ReadonlyMap<number, string>): string {
  // A second filter would judge too, or keep ours from judging.
  const stranger = filters.find((filter) => !isAtOurPlace(filter)) ?? filters[0];
  const { bpf, kind } = stranger ?? {};
  const name = bpf === undefined ? undefined : programs.get(bpf.id);
  if (name !== undefined && filters.length === 1 && bpf?.directAction === true) return name;
  // A classic program has no tag.
  const tag = bpf?.tag ?? '';
  return `?${tag === '' ? (kind ?? '') : tag}`;
}

function isAtOurPlace({ priority, handle, chain }: Filter): boolean {
  return priority === PRIORITY && handle === HANDLE && chain === 0;
}

/**
 * One atomic replace changes the program of every device on the block. Another program on it goes.
 * @throws PlumbError PLB_FOREIGN_FILTER when there is one that is no program.
 */
export async function writeFilter(
  context: WriteContext,
  { block, program: name }: TcBlockAttributes,
): Promise<void> {
  if (isForeign(name)) return restoreFilters(context, block, name);
  const netlink = await context.namespaces.in();
  const strangers = (await netlink.filters({ block })).filter((filter) => !isAtOurPlace(filter));
  const other = strangers.find(({ bpf, protocol }) => bpf === undefined || protocol !== ALL);
  if (other !== undefined) throw foreignFilter(context, block, other);
  await remember(context, block);
  const program = BpfProgram.openPinned(programPin(context.instance, name));
  try {
    await attach(context, block, name, program);
  } finally {
    program.close();
  }
  await deleteAll(context, block, strangers);
}

/** What was on the block before this apply changed it; nothing if it did not. */
async function restoreFilters(context: WriteContext, block: number, shown: string): Promise<void> {
  for (const { filter, program } of context.filters.recall(block, shown)) {
    const { priority, handle, chain } = filter;
    const name = filter.bpf?.name ?? '';
    const bpf = { fd: program.fd, name, directAction: filter.bpf?.directAction === true };
    await context.send(undefined, [{ op: 'filter-replace', block, priority, handle, chain, bpf }]);
  }
}

async function remember(context: WriteContext, block: number): Promise<void> {
  const filters = await (await context.namespaces.in()).filters({ block });
  const shown = filters.length === 0 ? '' : programOf(filters, new Map());
  if (isForeign(shown)) context.filters.remember(block, shown, filters);
}

function isForeign(shown: string): boolean {
  return shown.startsWith('?');
}

function foreignFilter(
  context: WriteContext,
  block: number,
  { priority, kind }: Filter,
): PlumbError {
  const { netnsPath } = context.instance;
  const enter = netnsPath === undefined ? '' : `nsenter --net=${netnsPath} `;
  return new PlumbError('PLB_FOREIGN_FILTER', `somebody else has a ${kind} filter on our block`, {
    hint: `Remove it: ${enter}tc filter delete block ${block} pref ${priority}`,
  });
}

export async function deleteFilter(
  context: WriteContext,
  { block }: TcBlockAttributes,
): Promise<void> {
  const netlink = await context.namespaces.in();
  await remember(context, block);
  // What is not a program goes with the block, when its last device does.
  await deleteAll(context, block, await netlink.filters({ block }));
}

/** Puts a program into every filter of ours that runs the program with number `oldId`. */
export async function reattachFilters(
  context: WriteContext,
  oldId: number,
  name: string,
  program: BpfProgram,
): Promise<void> {
  const netlink = await context.namespaces.in();
  for (const block of BLOCKS) {
    const filters = await netlink.filters({ block });
    const runsIt = filters.some((f) => isAtOurPlace(f) && f.bpf?.id === oldId);
    if (runsIt) await attach(context, block, name, program);
  }
}

async function attach(
  context: WriteContext,
  block: number,
  name: string,
  program: BpfProgram,
): Promise<void> {
  const bpf = { fd: program.fd, name: `plumb:${name}`, directAction: true as const };
  await context.send(undefined, [
    { op: 'filter-replace', block, priority: PRIORITY, handle: HANDLE, bpf },
  ]);
}

async function deleteAll(
  context: WriteContext,
  block: number,
  filters: readonly Filter[],
): Promise<void> {
  for (const { priority, handle, chain } of filters) {
    await context.send(
      undefined,
      [{ op: 'filter-delete', block, priority, handle, chain }],
      NO_BLOCK,
    );
  }
}
