import { PlumbError } from '../model/error.js';
import { resource } from '../state/kinds.js';
import type { Attributes, PlainResource } from '../state/state.js';
import { failedWith } from './errno.js';
import { netnsPath, type Instance } from './instance.js';
import { netnsRead, netnsWrite } from './native.js';
import type { WriteContext } from './write-context.js';

const ROOT = '/proc/sys/';

/** The settings of those names that are there. */
export async function readSysctls(
  { netnsPath: own }: Instance,
  names: readonly string[],
  netns?: string,
): Promise<PlainResource<'sysctl'>[]> {
  if (names.length === 0) return [];
  const path = netns === undefined ? own : netnsPath(netns);
  const texts = await netnsRead({
    paths: names.map((name) => ROOT + name),
    ...(path === undefined ? {} : { netns: path }),
  });
  return names.flatMap((name, i) => {
    const value = (texts[i] ?? '').trim();
    if (value === '') return [];
    return [resource('sysctl', { ...(netns === undefined ? {} : { netns }), name, value })];
  });
}

/** @throws PlumbError PLB_SYSCTL when this kernel has no such setting, or not that value. */
export async function writeSysctl(
  { instance }: WriteContext,
  { netns, name, value }: Attributes['sysctl'],
): Promise<void> {
  const path = netns === undefined ? instance.netnsPath : netnsPath(netns);
  try {
    await netnsWrite({
      path: ROOT + name,
      text: value,
      ...(path === undefined ? {} : { netns: path }),
    });
  } catch (cause) {
    if (!failedWith(cause, 'ENOENT', 'EINVAL', 'EROFS', 'EACCES', 'EPERM')) throw cause;
    throw new PlumbError('PLB_SYSCTL', `${name} could not be set to ${value}`, {
      hint: 'Is /proc/sys mounted for writing? plumb doctor tells what this kernel can do.',
      cause,
    });
  }
}

/** It goes with what it is a setting of. */
export function leaveSysctl(): void {
  return undefined;
}
