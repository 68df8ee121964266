import type { ProtocolPlugin } from './plugin.js';
import { redis } from './redis.js';

/** All plug-ins there are, in the order of their names. */
const ALL: readonly ProtocolPlugin[] = [redis];

const byName = new Map(ALL.map((plugin) => [plugin.name, plugin]));

export function pluginOf(name: string): ProtocolPlugin | undefined {
  return byName.get(name);
}

export function pluginNames(): readonly string[] {
  return [...byName.keys()];
}
