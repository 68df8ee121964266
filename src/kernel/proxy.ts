import { join } from 'node:path';
import { askProxy, stopProxy, tellProxy } from '../proxy/control.js';
import { checkHaproxy } from '../proxy/haproxy/check.js';
import { startSupervisor } from '../proxy/start.js';
import { resource } from '../state/kinds.js';
import type { Attributes, PlainResource } from '../state/state.js';
import type { Instance } from './instance.js';
import type { WriteContext } from './write-context.js';

/** The proxy as its supervisor says that it is; without one there is none, whatever else is left. */
export async function readProxy({ runDir }: Instance): Promise<PlainResource<'proxy'>[]> {
  const found = await askProxy(runDir);
  return found === undefined || found.listeners.length === 0 ? [] : [resource('proxy', found)];
}

/** Whether the node could run it, before anything is changed. @throws PlumbError PLB_HAPROXY */
export function checkProxy({ listeners }: Attributes['proxy']): Promise<void> {
  return checkHaproxy(listeners);
}

/** Connections of listeners that stay are not touched. */
export async function writeProxy(
  { instance: { runDir, pinDir, netnsPath } }: WriteContext,
  wanted: Attributes['proxy'],
): Promise<void> {
  if (await tellProxy(runDir, wanted)) return;
  await startSupervisor({
    runDir,
    maps: join(pinDir, 'maps'),
    ...(netnsPath === undefined ? {} : { netns: netnsPath }),
  });
  await tellProxy(runDir, wanted);
}

export async function deleteProxy({ instance: { runDir } }: WriteContext): Promise<void> {
  await stopProxy(runDir);
}
