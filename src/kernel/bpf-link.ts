import type { Attributes } from '../state/state.js';
import type { BpfProgram } from './native.js';
import { deleteCgroup, reattachCgroups, writeCgroup } from './cgroup.js';
import { deleteSkLookup, reattachSkLookups, writeSkLookup } from './sk-lookup.js';
import { deleteFilter, reattachFilters, writeFilter } from './tc-block.js';
import { deleteTcx, reattachTcx, writeTcx } from './tcx.js';
import type { WriteContext } from './write-context.js';

type LinkAttributes = Attributes['bpf-link'];

export function writeLink(context: WriteContext, link: LinkAttributes): Promise<void> {
  switch (link.attach) {
    case 'tcx':
      return writeTcx(context, link);
    case 'sk-lookup':
      return writeSkLookup(context, link);
    case 'cgroup':
      return writeCgroup(context, link);
    case 'tc-block':
      return writeFilter(context, link);
  }
}

export function deleteBpfLink(context: WriteContext, link: LinkAttributes): Promise<void> {
  switch (link.attach) {
    case 'tcx':
      return deleteTcx(context, link);
    case 'sk-lookup':
      return deleteSkLookup(context, link);
    case 'cgroup':
      return deleteCgroup(context, link);
    case 'tc-block':
      return deleteFilter(context, link);
  }
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
  await reattachSkLookups(context, oldId, program);
  await reattachCgroups(context, oldId, program);
}
