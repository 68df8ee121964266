import { mkdir, readFile, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PlumbError } from '../model/error.js';
import { resource } from '../state/kinds.js';
import type { CgroupAttributes, PlainResource } from '../state/state.js';
import { pinsIn } from './bpf-map.js';
import { detach } from './detach.js';
import { failedWith } from './errno.js';
import { linkPin, programPin, type Instance } from './instance.js';
import { attachCgroup, BpfLink, BpfProgram, unpin } from './native.js';
import type { WriteContext } from './write-context.js';

const PREFIX = 'cgroup-';
/** BPF_CGROUP_INET6_GETSOCKNAME of enum bpf_attach_type (Linux 5.8). */
const INET6_GETSOCKNAME = 32;
/** Of statfs(2). */
const CGROUP2_SUPER_MAGIC = 0x63677270;

/** bpffs keeps names with a dot for itself, and no node's name has a colon. */
function pinOf(instance: Instance, cgroup: string): string {
  return linkPin(instance, PREFIX + cgroup.replaceAll('.', ':'));
}

/** Where cgroup v2 is mounted, and no other mount hides it; undefined where it is not. */
export async function cgroupRoot(): Promise<string | undefined> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
  for (const line of mounts) {
    const [, path = '', type] = line.split(' ');
    if (type === 'cgroup2' && (await isCgroup2(path))) return path;
  }
  return undefined;
}

async function isCgroup2(path: string): Promise<boolean> {
  try {
    return (await statfs(path)).type === CGROUP2_SUPER_MAGIC;
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'EACCES')) return false;
    throw error;
  }
}

/** @throws PlumbError PLB_CGROUP where cgroup v2 is not mounted */
export async function cgroupPath(cgroup: string): Promise<string> {
  const root = await cgroupRoot();
  if (root !== undefined) return join(root, cgroup);
  throw new PlumbError('PLB_CGROUP', 'cgroup v2 is not mounted, and mode nat needs it', {
    hint: 'Mount it (mount -t cgroup2 none /sys/fs/cgroup), or choose another redirectMode.',
  });
}

async function pinned(instance: Instance): Promise<{ cgroup: string; path: string }[]> {
  const names = await pinsIn(dirname(linkPin(instance, 'x')));
  return names
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => ({
      cgroup: name.slice(PREFIX.length).replaceAll(':', '.'),
      path: linkPin(instance, name),
    }));
}

/** Attachments that are pinned. One whose directory is gone, or another by now, is none. */
export async function readCgroups(
  instance: Instance,
  programs: ReadonlyMap<number, string>,
): Promise<PlainResource<'bpf-link'>[]> {
  const found: PlainResource<'bpf-link'>[] = [];
  for (const { cgroup, path } of await pinned(instance)) {
    const { programId, cgroupId } = infoOf(path);
    if (cgroupId !== (await inodeOf(cgroup))) continue;
    const program = programs.get(programId) ?? `?${String(programId)}`;
    found.push(resource('bpf-link', { attach: 'cgroup', cgroup, program }));
  }
  return found;
}

function infoOf(path: string): ReturnType<BpfLink['info']> {
  const link = BpfLink.openPinned(path);
  try {
    return link.info();
  } finally {
    link.close();
  }
}

async function inodeOf(cgroup: string): Promise<bigint | undefined> {
  const root = await cgroupRoot();
  if (root === undefined) return undefined;
  try {
    return (await stat(join(root, cgroup), { bigint: true })).ino;
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Makes the directory, and attaches; or swaps the program of what is attached without a gap. */
export async function writeCgroup(
  { instance }: WriteContext,
  { cgroup, program: name }: CgroupAttributes,
): Promise<void> {
  const path = pinOf(instance, cgroup);
  const directory = await cgroupPath(cgroup);
  await makeCgroup(directory);
  const program = BpfProgram.openPinned(programPin(instance, name));
  try {
    const isPinned = (await pinned(instance)).some((one) => one.path === path);
    if (isPinned && infoOf(path).cgroupId === (await inodeOf(cgroup))) {
      await swap(path, program);
      return;
    }
    unpin(path);
    const made = await attachCgroup({ program, cgroup: directory, attachType: INET6_GETSOCKNAME });
    try {
      made.pin(path);
    } finally {
      made.close();
    }
  } finally {
    program.close();
  }
}

/** The directory of a cgroup; one that is there is fine. */
export async function makeCgroup(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) throw error;
  }
}

async function swap(path: string, program: BpfProgram): Promise<void> {
  const link = BpfLink.openPinned(path);
  try {
    if (link.info().programId !== program.info().id) await link.update(program);
  } finally {
    link.close();
  }
}

/** The directory goes with it, once the proxy's processes have left it. */
export async function deleteCgroup(
  { instance }: WriteContext,
  { cgroup }: CgroupAttributes,
): Promise<void> {
  await detach(pinOf(instance, cgroup));
  try {
    await rmdir(await cgroupPath(cgroup));
  } catch (error) {
    if (!failedWith(error, 'ENOENT', 'EBUSY')) throw error;
  }
}

/** Takes away pins of attachments whose directories are gone. */
export async function dropDeadCgroups(instance: Instance): Promise<void> {
  for (const { cgroup, path } of await pinned(instance)) {
    if (infoOf(path).cgroupId !== (await inodeOf(cgroup))) unpin(path);
  }
}

export async function reattachCgroups(
  { instance }: WriteContext,
  oldId: number,
  program: BpfProgram,
): Promise<void> {
  for (const { path } of await pinned(instance)) {
    if (infoOf(path).programId === oldId) await swap(path, program);
  }
}
