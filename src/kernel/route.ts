import { PlumbError } from '../model/error.js';
import { canonicalPrefix } from '../state/address.js';
import { resource } from '../state/kinds.js';
import { ROUTE_PROTOCOL } from '../state/layout.js';
import type { Attributes, PlainResource } from '../state/state.js';
import { failedWith } from './errno.js';
import type { Snapshot } from './namespaces.js';
import type { Route, RouteOperation } from './native.js';
import type { WriteContext } from './write-context.js';

/** Routes that carry our protocol number, whatever device they use. */
export function readRoutes({ netns, links, routes }: Snapshot): PlainResource<'route'>[] {
  const names = new Map(links.map((link) => [link.ifindex, link.name]));
  return routes.filter(isOurs).map(({ destination, oif, gateway, source, table, type }) =>
    resource('route', {
      ...(netns === undefined ? {} : { netns }),
      destination,
      // A route without a device (a blackhole) is not of our making but carries our mark.
      device: (oif === undefined ? undefined : names.get(oif)) ?? '?',
      ...(gateway === undefined ? {} : { gateway }),
      ...(source === undefined ? {} : { source }),
      table,
      ...(type === 'local' ? { type } : {}),
    }),
  );
}

function isOurs({ protocol }: Route): boolean {
  return protocol === ROUTE_PROTOCOL;
}

export async function createRoute(
  context: WriteContext,
  attributes: Attributes['route'],
): Promise<void> {
  const route = await operationOf(context, attributes);
  try {
    await context.send(attributes.netns, [{ op: 'route-add', route }]);
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) throw error;
    // A plain replace would take over whatever stands there, also a stranger's route.
    await assertOurs(context, attributes, error);
    await context.send(attributes.netns, [{ op: 'route-replace', route }]);
  }
}

export async function deleteRoute(
  context: WriteContext,
  attributes: Attributes['route'],
): Promise<void> {
  const { netns, device, destination, table } = attributes;
  if (device === '?') {
    const route = { destination, table, protocol: ROUTE_PROTOCOL };
    return context.send(netns, [{ op: 'route-delete', route }], ['ESRCH']);
  }
  // The routes of a device leave with it.
  if ((await context.findAny(netns, device)) === undefined) return;
  const route = await operationOf(context, attributes);
  await context.send(netns, [{ op: 'route-delete', route }], ['ESRCH', 'ENODEV']);
}

async function operationOf(
  context: WriteContext,
  { netns, destination, device, gateway, source, table, type }: Attributes['route'],
): Promise<RouteOperation['route']> {
  return {
    destination,
    table,
    protocol: ROUTE_PROTOCOL,
    oif: await context.anyIfindex(netns, device),
    // onlink: the route to the gateway itself may come later.
    ...(gateway === undefined ? {} : { gateway, onlink: true }),
    ...(source === undefined ? {} : { source }),
    ...(type === undefined ? {} : { type }),
  };
}

async function assertOurs(
  context: WriteContext,
  { netns, destination, table }: Attributes['route'],
  cause: unknown,
): Promise<void> {
  const netlink = await context.namespaces.in(netns);
  const there = (await netlink.routes()).filter(
    (route) => route.table === table && canonicalPrefix(route.destination) === destination,
  );
  if (there.some(isOurs)) return;
  throw new PlumbError('PLB_FOREIGN_ROUTE', `somebody else has a route to ${destination}`, {
    hint: `Remove it, or choose another range: ip route show ${destination} table ${table}`,
    cause,
  });
}
