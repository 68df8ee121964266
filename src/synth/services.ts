import { PROTOCOLS } from '../model/port.js';
import type { NodeSpec, ProgramDocument } from '../model/program.js';
import { matchesSelector } from '../model/selector.js';
import type { ServicePortSpec, ServiceSpec } from '../model/service.js';
import { Ids } from '../policy/ids.js';
import { entries, type OriginRow } from '../state/kinds/bpf-entries.js';
import { SCOPE_OUTSIDE, SERVICE_MAGLEV } from '../state/layout-services.js';
import type { EntriesResource, Resource } from '../state/state.js';
import { resource } from '../state/kinds.js';
import { hostPrefix, isIPv6 } from './addresses.js';
import { throughNode } from './cluster.js';
import { NODE_DEVICE } from './node.js';
import { maglevTable } from './maglev.js';

/** Back-ends of one port by address, and the slots that new connections are spread over. */
interface BackendSet {
  readonly id: number;
  readonly port: number;
  readonly slots: readonly string[];
  readonly members: ReadonlyMap<string, number>;
  readonly service: ServiceSpec;
}

/**
 * Rows of services: a row for each address and port leads to a set of back-ends, named by its content,
 * so that a change of back-ends is one write, and services with the same back-ends share them.
 */
export function serviceEntries(document: ProgramDocument, node: NodeSpec): EntriesResource[] {
  const { services } = document;
  if (services.length === 0) return [];
  const setIds = new Ids();
  const serviceIds = new Ids();
  const sets = new Map<number, BackendSet>();
  const rows = services.flatMap((service): OriginRow[] => {
    const { origin, name, affinity, algorithm } = service;
    return service.addresses.flatMap((address): OriginRow[] => {
      const weights = weightsOf(service, document, isIPv6(address));
      const near = nearOf(weights, document, node);
      const scopes = [{ scope: 0, members: weights }, ...(near === undefined ? [] : [near])];
      const ports = scopes.flatMap(({ scope, members }) => {
        const slots = slotsOf(members, algorithm);
        return service.ports.map((port): OriginRow => {
          const set = setOf(service, port, members, slots, setIds);
          sets.set(set.id, set);
          return {
            key: { address, port: port.port, protocol: PROTOCOLS[port.protocol], scope },
            value: {
              id: serviceIds.of(name),
              set: set.id,
              slots: slots.length,
              flags: algorithm === 'maglev' ? SERVICE_MAGLEV : 0,
              affinity,
            },
            origin,
          };
        });
      });
      // Of its own: that the address is a service's.
      return [{ key: { address, port: 0, protocol: 0, scope: 0 }, value: {}, origin }, ...ports];
    });
  });
  return [entries('plumb_services', rows), ...[...sets.values()].flatMap(setEntries)];
}

/** Weights of a service's back-ends by address: those that it selects, and those that it names. */
export function backendsOf(
  { selector, backends }: ServiceSpec,
  { endpoints }: Pick<ProgramDocument, 'endpoints'>,
): ReadonlyMap<string, number> {
  const selected =
    selector === undefined
      ? []
      : endpoints.filter(({ labels }) => matchesSelector(selector, labels));
  const weights = new Map<string, number>();
  for (const address of selected.flatMap(({ addresses }) => addresses)) weights.set(address, 1);
  for (const { address, weight } of backends) weights.set(address, weight);
  return new Map([...weights].sort(byName));
}

/** Those of the family of one virtual address. */
function weightsOf(
  service: ServiceSpec,
  document: ProgramDocument,
  six: boolean,
): ReadonlyMap<string, number> {
  return new Map([...backendsOf(service, document)].filter(([address]) => isIPv6(address) === six));
}

/**
 * The back-ends on the node itself, where there are others too: the replies of those would not come by
 * here, so what comes from outside goes to none of them.
 */
function nearOf(
  weights: ReadonlyMap<string, number>,
  { endpoints }: ProgramDocument,
  { name, devices = [] }: NodeSpec,
) {
  if (devices.length === 0) return undefined;
  const here = new Set(
    endpoints.filter(({ node }) => node === name).flatMap(({ addresses }) => addresses),
  );
  const members = new Map([...weights].filter(([address]) => here.has(address)));
  if (members.size === 0 || members.size === weights.size) return undefined;
  return { scope: SCOPE_OUTSIDE, members };
}

function slotsOf(weights: ReadonlyMap<string, number>, algorithm: ServiceSpec['algorithm']) {
  if (algorithm === 'maglev') return maglevTable(weights);
  const divisor = [...weights.values()].reduce(greatestCommonDivisor, 0) || 1;
  return [...weights].flatMap(([address, weight]) =>
    Array.from({ length: weight / divisor }, () => address),
  );
}

function setOf(
  service: ServiceSpec,
  { targetPort: port }: ServicePortSpec,
  members: ReadonlyMap<string, number>,
  slots: readonly string[],
  ids: Ids,
): BackendSet {
  const id = ids.of(JSON.stringify([port, slots, [...members.keys()]]));
  return { id, port, slots, members, service };
}

function setEntries({ id, port, slots, members, service }: BackendSet): EntriesResource[] {
  if (members.size === 0) return [];
  const { origin, name } = service;
  const more = { group: id, origin, label: `back-ends of ${name}` };
  const backends = slots.map((address, slot) => ({
    key: { set: id, slot },
    value: { address, port },
  }));
  const all = [...members.keys()].map((address) => ({
    key: { set: id, address, port },
    value: {},
  }));
  return [
    ...(backends.length === 0 ? [] : [entries('plumb_backends', backends, more)]),
    entries('plumb_members', all, more),
  ];
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1;
}

/** What the host sends to a service meets the datapath on the node's device. */
export function serviceRoutes({ services }: ProgramDocument, node: NodeSpec): Resource[] {
  return services.flatMap(({ addresses, origin }) =>
    addresses
      .filter((address) => node.gateways.some((gateway) => isIPv6(gateway) === isIPv6(address)))
      .map((address) =>
        resource('route', throughNode(node, hostPrefix(address), NODE_DEVICE), origin),
      ),
  );
}
