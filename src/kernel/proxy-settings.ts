import { PROXY_NETNS, PROXY_SYSCTLS } from '../state/proxy-names.js';
import type { PlainResource } from '../state/state.js';
import type { Instance } from './instance.js';
import type { Namespaces, Snapshot } from './namespaces.js';
import { readRules } from './rule.js';
import { readSysctls } from './sysctl.js';

/** Rules and settings of the proxy's namespace and devices; of others' none are ours. */
export async function readProxySettings(
  instance: Instance,
  namespaces: Namespaces,
  inside: readonly Snapshot[],
): Promise<(PlainResource<'rule'> | PlainResource<'sysctl'>)[]> {
  const found: (PlainResource<'rule'> | PlainResource<'sysctl'>)[] = [];
  for (const { netns } of inside) {
    if (netns?.startsWith(PROXY_NETNS) !== true) continue;
    found.push(
      ...(await readRules(await namespaces.in(netns), netns)),
      ...(await readSysctls(instance, PROXY_SYSCTLS.inside, netns)),
    );
  }
  if (found.length > 0) found.push(...(await readSysctls(instance, PROXY_SYSCTLS.private)));
  found.push(...(await readSysctls(instance, PROXY_SYSCTLS.shared)));
  return found;
}
