import { resource } from '../state/kinds.js';
import { EGRESS_BLOCK, INGRESS_BLOCK } from '../state/layout.js';
import type { Attributes, PlainResource } from '../state/state.js';
import { programPin } from './instance.js';
import { BpfProgram, type Filter, type Netlink } from './native.js';
import type { WriteContext } from './write-context.js';

const BLOCKS = [INGRESS_BLOCK, EGRESS_BLOCK];

/** Where our filter is on a block. */
const PRIORITY = 1;
const HANDLE = 1;

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
  return `?${bpf?.tag ?? kind ?? ''}`;
}

function isAtOurPlace({ priority, handle, chain }: Filter): boolean {
  return priority === PRIORITY && handle === HANDLE && chain === 0;
}

/** One atomic replace changes the program of every device on the block. */
export async function writeFilter(
  context: WriteContext,
  { block, program: name }: Attributes['bpf-link'],
): Promise<void> {
  const netlink = await context.namespaces.in();
  const there = await netlink.filters({ block });
  for (const { bpf } of there) if (bpf !== undefined) context.objects.replacedFilter(bpf);
  const stranger = context.objects.filterProgram(name);
  const program = stranger ?? BpfProgram.openPinned(programPin(context.instance, name));
  try {
    await attach(context, block, name, program);
  } finally {
    if (stranger === undefined) program.close();
  }
  await deleteAll(
    context,
    block,
    there.filter((filter) => !isAtOurPlace(filter)),
  );
}

export async function deleteFilter(
  context: WriteContext,
  { block }: Attributes['bpf-link'],
): Promise<void> {
  const netlink = await context.namespaces.in();
  await deleteAll(context, block, await netlink.filters({ block }));
}

/** Puts a program into every filter of ours that runs the program with number `oldId`. */
export async function reattach(
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
