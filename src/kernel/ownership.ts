import type { Link } from './native.js';

const PREFIX = 'plumb:';

/** Alias of everything with a device that belongs to a node. */
export function aliasOf(node: string): string {
  return PREFIX + node;
}

/** Name of the node that an alias marks something for. */
export function nodeOfAlias(alias: string | undefined): string | undefined {
  return alias?.startsWith(PREFIX) === true && alias.length > PREFIX.length
    ? alias.slice(PREFIX.length)
    : undefined;
}

/** Links of a node; the alias of a `lo` marks its namespace, not the device. */
export function ownLinks(links: readonly Link[], node: string): Link[] {
  return links.filter((link) => link.alias === aliasOf(node) && !isLoopback(link));
}

/** IFF_LOOPBACK. */
export function isLoopback(link: Link): boolean {
  return (link.flags & 0x8) !== 0;
}
