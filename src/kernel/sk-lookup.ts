import { dirname } from 'node:path';
import { resource } from '../state/kinds.js';
import type { PlainResource, SkLookupAttributes } from '../state/state.js';
import { pinsIn } from './bpf-map.js';
import { detach } from './detach.js';
import { failedWith } from './errno.js';
import { linkPin, netnsPath, programPin, type Instance } from './instance.js';
import { attachSkLookup, BpfLink, BpfProgram, netnsId, unpin } from './native.js';
import type { WriteContext } from './write-context.js';

const PREFIX = 'sk-lookup-';

/** bpffs keeps names with a dot for itself, and no node's name has a colon. */
function pinOf(instance: Instance, netns: string): string {
  return linkPin(instance, PREFIX + netns.replaceAll('.', ':'));
}

async function pinned(instance: Instance): Promise<{ netns: string; path: string }[]> {
  const names = await pinsIn(dirname(linkPin(instance, 'x')));
  return names
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => ({
      netns: name.slice(PREFIX.length).replaceAll(':', '.'),
      path: linkPin(instance, name),
    }));
}

/** Attachments that are pinned. One whose namespace is gone, or another by now, is none. */
export async function readSkLookups(
  instance: Instance,
  programs: ReadonlyMap<number, string>,
): Promise<PlainResource<'bpf-link'>[]> {
  return (await pinned(instance)).flatMap(({ netns, path }) => {
    const link = BpfLink.openPinned(path);
    try {
      if (!isIn(link, netns)) return [];
      const { programId } = link.info();
      const program = programs.get(programId) ?? `?${String(programId)}`;
      return [resource('bpf-link', { attach: 'sk-lookup', netns, program })];
    } finally {
      link.close();
    }
  });
}

function isIn(link: BpfLink, netns: string): boolean {
  try {
    return BigInt(link.info().netnsInode ?? 0) === netnsId(netnsPath(netns));
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'EINVAL')) return false;
    throw error;
  }
}

/** Attaches, or swaps the program of what is attached without a gap. */
export async function writeSkLookup(
  { instance }: WriteContext,
  { netns, program: name }: SkLookupAttributes,
): Promise<void> {
  const path = pinOf(instance, netns);
  const program = BpfProgram.openPinned(programPin(instance, name));
  try {
    const there = (await pinned(instance)).find((one) => one.path === path);
    if (there !== undefined && (await updated(path, netns, program))) return;
    unpin(path);
    const made = await attachSkLookup({ program, netns: netnsPath(netns) });
    try {
      made.pin(path);
    } finally {
      made.close();
    }
  } finally {
    program.close();
  }
}

/** Whether what is pinned is attached to that namespace; then it runs the program. */
async function updated(path: string, netns: string, program: BpfProgram): Promise<boolean> {
  const link = BpfLink.openPinned(path);
  try {
    if (!isIn(link, netns)) return false;
    if (link.info().programId !== program.info().id) await link.update(program);
    return true;
  } finally {
    link.close();
  }
}

export function deleteSkLookup(
  { instance }: WriteContext,
  { netns }: SkLookupAttributes,
): Promise<void> {
  return detach(pinOf(instance, netns));
}

/** Takes away pins of attachments whose namespaces are gone. */
export async function dropDeadSkLookups(instance: Instance): Promise<void> {
  for (const { netns, path } of await pinned(instance)) {
    const link = BpfLink.openPinned(path);
    const isDead = !isIn(link, netns);
    link.close();
    if (isDead) unpin(path);
  }
}

export async function reattachSkLookups(
  { instance }: WriteContext,
  oldId: number,
  program: BpfProgram,
): Promise<void> {
  for (const { path } of await pinned(instance)) {
    const link = BpfLink.openPinned(path);
    try {
      if (link.info().programId === oldId) await link.update(program);
    } finally {
      link.close();
    }
  }
}
