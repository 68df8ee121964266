import { PlumbError } from '../model/error.js';
import { resource } from '../state/kinds.js';
import type { Attributes, PlainResource } from '../state/state.js';
import { failedWith } from './errno.js';
import { netnsPath } from './instance.js';
import { isForbidden, isGone, severalAtOnce, type Namespaces } from './namespaces.js';
import {
  netnsCreate,
  netnsDelete,
  netnsList,
  netnsSweep,
  type Link,
  type Netlink,
} from './native.js';
import { aliasOf, isLoopback } from './ownership.js';
import type { WriteContext } from './write-context.js';

export interface NamespaceSearch {
  readonly resources: readonly PlainResource<'netns'>[];
  /** Some could not be looked into for lack of privileges. */
  readonly incomplete: boolean;
}

/** Namespaces in /run/netns whose loopback device carries our alias. */
export async function readNetns(namespaces: Namespaces, node: string): Promise<NamespaceSearch> {
  const found = await severalAtOnce(netnsList(), async (name) => {
    return { name, is: await whose(namespaces, name, node) };
  });
  const own = found.filter(({ is }) => is === 'ours');
  return {
    resources: own.map(({ name }) => resource('netns', { name })),
    incomplete: found.some(({ is }) => is === 'closed'),
  };
}

async function whose(
  namespaces: Namespaces,
  name: string,
  node: string,
): Promise<'ours' | 'others' | 'closed' | 'gone'> {
  let netlink: Netlink;
  try {
    netlink = await namespaces.in(name);
  } catch (error) {
    if (!isForbidden(error) && !isGone(error)) throw error;
    return isForbidden(error) ? 'closed' : 'gone';
  }
  if (isMarked(await netlink.links(), node)) return 'ours';
  await namespaces.release(name);
  return 'others';
}

function isMarked(links: readonly Link[], node: string): boolean {
  return links.some((link) => isLoopback(link) && link.alias === aliasOf(node));
}

/** @throws PlumbError PLB_FOREIGN_NETNS when somebody else has a namespace of that name. */
export async function createNetns(
  context: WriteContext,
  { name }: Attributes['netns'],
): Promise<void> {
  try {
    await netnsCreate({ name, loAlias: aliasOf(context.node) });
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) throw error;
    if ((await whose(context.namespaces, name, context.node)) === 'ours') return;
    throw new PlumbError('PLB_FOREIGN_NETNS', `somebody else has a network namespace ${name}`, {
      hint: `Give the endpoint another netns, or remove ${netnsPath(name)}.`,
      cause: error,
    });
  }
}

export async function deleteNetns(
  context: WriteContext,
  { name }: Attributes['netns'],
): Promise<void> {
  await context.namespaces.release(name);
  await netnsDelete(name);
}

/** Names of a node's namespaces that a kill left without one behind them. Only under the lock. */
export function sweepNetns(node: string): void {
  if (node !== '') netnsSweep(aliasOf(node));
}
