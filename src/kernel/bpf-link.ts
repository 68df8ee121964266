import type { Attributes } from '../state/state.js';
import type { BpfProgram } from './native.js';
import { deleteFilter, reattachFilters, writeFilter } from './tc-block.js';
import { deleteTcx, reattachTcx, writeTcx } from './tcx.js';
import type { WriteContext } from './write-context.js';

type LinkAttributes = Attributes['bpf-link'];

export function writeLink(context: WriteContext, link: LinkAttributes): Promise<void> {
  return link.attach === 'tcx' ? writeTcx(context, link) : writeFilter(context, link);
}

export function deleteBpfLink(context: WriteContext, link: LinkAttributes): Promise<void> {
  return link.attach === 'tcx' ? deleteTcx(context, link) : deleteFilter(context, link);
}

/** Puts a program wherever the program with number `oldId` runs. */
export async function reattach(
  context: WriteContext,
  oldId: number,
  name: string,
  program: BpfProgram,
): Promise<void> {
  await reattachFilters(context, oldId, name, program);
  await reattachTcx(context, oldId, program);
}
