import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PlumbError } from '../model/error.js';
import { isBpffs, mountBpffs } from './native.js';

/** Where `ip netns` keeps its names. */
export const NETNS_DIR = '/run/netns';

const DEFAULT_BPFFS = '/sys/fs/bpf';

/** A node on this machine: its network namespace, and where its pins, lock and sockets are. */
export interface Instance {
  /** Name of the namespace, or `default` for this process's own. */
  readonly name: string;
  /** Path of the node's network namespace; absent for this process's own. */
  readonly netnsPath?: string;
  /** In a bpffs; holds `maps/`, `programs/` and `links/`. */
  readonly pinDir: string;
  /** Lock, sockets and the provenance file. */
  readonly runDir: string;
  /** Mount point of the bpffs that `pinDir` is in. */
  readonly bpffs: string;
}

export interface InstanceOptions {
  /** Name in /run/netns, or a path; the namespace of this process by default. */
  readonly netns?: string | undefined;
  /** Directory that holds everything instead of /sys/fs/bpf/plumb and /run/plumb. */
  readonly root?: string | undefined;
}

/** Where an instance's things are. Touches nothing. */
export function openInstance({ netns, root }: InstanceOptions = {}): Instance {
  const name = netns === undefined ? 'default' : basename(netns);
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)) {
    throw new PlumbError('PLB_NETNS', `not a name of a network namespace: ${netns ?? ''}`, {
      hint: 'Give a name that `ip netns list` shows, or the path of a namespace.',
    });
  }
  // bpffs refuses names with a dot: it keeps them for itself.
  const pinName = name.replaceAll('.', '_');
  const bpffs = root === undefined ? DEFAULT_BPFFS : join(root, 'bpf');
  return {
    name,
    ...(netns === undefined ? {} : { netnsPath: netnsPath(netns) }),
    pinDir: root === undefined ? join(bpffs, 'plumb', pinName) : join(bpffs, pinName),
    runDir: root === undefined ? join('/run/plumb', name) : join(root, 'run', name),
    bpffs,
  };
}

export function netnsPath(name: string): string {
  return name.includes('/') ? name : join(NETNS_DIR, name);
}

export function mapPin(instance: Instance, name: string): string {
  return join(instance.pinDir, 'maps', name);
}

export function programPin(instance: Instance, name: string): string {
  return join(instance.pinDir, 'programs', name);
}

export function linkPin(instance: Instance, name: string): string {
  return join(instance.pinDir, 'links', name);
}

/** @throws PlumbError PLB_NETNS when the instance's namespace is not there. */
export function assertNetns(instance: Instance): void {
  if (instance.netnsPath === undefined || existsSync(instance.netnsPath)) return;
  throw new PlumbError('PLB_NETNS', `there is no network namespace ${instance.netnsPath}`, {
    hint: `Make it (ip netns add ${instance.name}), or leave out --netns for the machine's own.`,
  });
}

/** Makes the directories that pins need, and mounts a bpffs where there is none. */
export async function createPinDirectories(instance: Instance): Promise<void> {
  if (!isBpffs(instance.bpffs)) mountBpffs(instance.bpffs);
  for (const part of ['maps', 'programs', 'links']) {
    await mkdir(join(instance.pinDir, part), { recursive: true, mode: 0o700 });
  }
}

/** Directories of pins from the inside out, the one that instances share last. */
export function pinDirectories({ pinDir, bpffs }: Instance): string[] {
  const shared = dirname(pinDir);
  return [
    ...['maps', 'programs', 'links'].map((part) => join(pinDir, part)),
    pinDir,
    ...(shared === bpffs ? [] : [shared]),
  ];
}

/** Directories of lock and files, the one that instances share last. */
export function runDirectories({ runDir }: Instance): string[] {
  return [runDir, dirname(runDir)];
}
