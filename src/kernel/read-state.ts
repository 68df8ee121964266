import { PlumbError } from '../model/error.js';
import { normalizeState } from '../state/canonical.js';
import { markPrevious } from '../state/previous.js';
import type { Resource, State } from '../state/state.js';
import { readAddresses } from './address.js';
import { readEntries } from './bpf-entries.js';
import { openPinnedMaps, PinnedMaps, readMaps } from './bpf-map.js';
import { readPrograms, type PinnedProgram } from './bpf-program.js';
import { openDatapath } from './datapath.js';
import { assertNetns, type Instance } from './instance.js';
import { readLinks } from './link.js';
import { isForbidden, Namespaces, severalAtOnce } from './namespaces.js';
import { readNeighbors } from './neighbor.js';
import { readNetns } from './netns.js';
import { ownDevices } from './own-devices.js';
import { nodeOfAlias, ownLinks } from './ownership.js';
import { readNftTables } from './nft-table.js';
import { readRoutes } from './route.js';
import { readRules } from './rule.js';
import { readCgroups } from './cgroup.js';
import { readSkLookups } from './sk-lookup.js';
import { readProxy } from './proxy.js';
import { readProxySettings } from './proxy-settings.js';
import { readFilters } from './tc-block.js';
import { readTcx } from './tcx.js';
import type { Link } from './native.js';

const NODE_DEVICE = 'plumb0';

export interface ReadOptions {
  /** Name of the node; by default the one that the alias of `plumb0` tells. */
  readonly node?: string | undefined;
  /** The datapath's object file; the one that is shipped by default. */
  readonly objectPath?: string | undefined;
}

/**
 * What the kernel holds of ours, and nothing else. Creates and changes nothing. The node of a state
 * without anything of ours is `''` unless it was given.
 *
 * @throws PlumbError PLB_NETNS without the instance's namespace; PLB_OTHER_NODE when it belongs to
 * another node; PLB_PRIVILEGES when there is something of ours that may not be read.
 */
export async function readState(instance: Instance, options: ReadOptions = {}): Promise<State> {
  assertNetns(instance);
  const namespaces = new Namespaces(instance);
  try {
    return await read(instance, namespaces, options);
  } catch (error) {
    throw isForbidden(error) ? unprivileged(error) : error;
  } finally {
    await namespaces.close();
  }
}

async function read(
  instance: Instance,
  namespaces: Namespaces,
  { node: wanted, objectPath }: ReadOptions,
): Promise<State> {
  const outside = await namespaces.snapshot();
  const node = wanted ?? nodeOf(outside.links) ?? '';
  assertNode(outside.links, node, instance);
  const search = await readNetns(namespaces, node);
  const endpoints = await severalAtOnce(search.resources, ({ attributes }) =>
    namespaces.snapshot(attributes.name),
  );
  const netlink = await namespaces.in();
  const resources: Resource[] = [
    ...search.resources,
    ...readLinks(outside, await netlink.qdiscs(), endpoints, node),
  ];
  const isSomething = resources.length > 0;
  if (isSomething && search.incomplete) throw unprivileged();
  for (const snapshot of [outside, ...endpoints]) {
    const devices = ownDevices(snapshot, node);
    resources.push(
      ...readAddresses(snapshot, devices),
      ...readNeighbors(snapshot, devices),
      ...readRoutes(snapshot),
    );
  }
  if (isSomething) {
    resources.push(
      ...(await readNftTables(instance)),
      ...(await readRules(netlink)),
      ...(await readProxy(instance)),
      ...(await readProxySettings(instance, namespaces, endpoints)),
    );
  }
  const maps = await openMaps(instance, isSomething);
  try {
    const datapath = (): ReturnType<typeof openDatapath> => openDatapath(objectPath);
    const programs = maps.closed ? [] : await readPrograms(instance, maps.pinned, datapath);
    resources.push(
      ...readMaps(maps.pinned),
      ...programs.map(({ resource }) => resource),
      ...(await readFilters(netlink, namesById(programs))),
      ...(maps.closed ? [] : await readTcx(instance, outside.links, namesById(programs))),
      ...(maps.closed ? [] : await readSkLookups(instance, namesById(programs))),
      ...(maps.closed ? [] : await readCgroups(instance, namesById(programs))),
      ...(await readEntries(maps.pinned, ownDevices(outside, node))),
    );
    return markPrevious(normalizeState({ version: 1, node, resources }));
  } finally {
    maps.pinned.close();
  }
}

/** Our directory of pins is closed to others: where nothing else is ours, that is as good as empty. */
async function openMaps(
  instance: Instance,
  isSomething: boolean,
): Promise<{ readonly pinned: PinnedMaps; readonly closed: boolean }> {
  try {
    return { pinned: await openPinnedMaps(instance), closed: false };
  } catch (error) {
    if (isSomething || !isForbidden(error)) throw error;
    return { pinned: new PinnedMaps(new Map()), closed: true };
  }
}

function namesById(programs: readonly PinnedProgram[]): Map<number, string> {
  return new Map(programs.map(({ id, resource }) => [id, resource.attributes.name]));
}

/** By the alias of the node's own device; if that was removed, of any other. */
function nodeOf(links: readonly Link[]): string | undefined {
  const device = links.find((link) => link.name === NODE_DEVICE);
  const names = [device, ...links].map((link) => nodeOfAlias(link?.alias));
  return names.find((name) => name !== undefined);
}

function assertNode(links: readonly Link[], node: string, { name }: Instance): void {
  const device = links.find((link) => link.name === NODE_DEVICE);
  const other = nodeOfAlias(device?.alias);
  if (device === undefined || other === undefined || ownLinks([device], node).length > 0) return;
  throw new PlumbError('PLB_OTHER_NODE', `instance ${name} is node ${other}, not ${node}`, {
    hint: `Remove ${other} first (plumb destroy), or choose another namespace with --netns.`,
  });
}

function unprivileged(cause?: unknown): PlumbError {
  return new PlumbError('PLB_PRIVILEGES', 'the state of the kernel may not be read', {
    hint: 'Run as root, or with CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_BPF.',
    cause,
  });
}
