import { RESERVED } from '../model/identity.js';
import { contains, parsePrefix } from '../model/prefix.js';
import type { NodeSpec, ProgramDocument } from '../model/program.js';
import type { CompiledPolicy } from '../policy/compiled.js';
import { isIPv6 } from './addresses.js';
import { tunnelAddress, type Neighborhood } from './cluster.js';
import type { Allocation } from './identities.js';
import { nodeIdentity } from './node-identities.js';

type Tunnels = (node: string) => { readonly tunnel?: string };

/** The way to each other node, where that is a tunnel. */
function tunnels({ mode, others, family }: Neighborhood): Tunnels {
  const known = new Map(others.map((other) => [other.name, tunnelAddress(other, family)]));
  return (node) => {
    const tunnel = mode === 'tunnel' ? known.get(node) : undefined;
    return tunnel === undefined ? {} : { tunnel };
  };
}

/** Who is at an address: hosts and endpoints of all nodes. */
export function ipcacheRows(
  { nodes, endpoints }: ProgramDocument,
  node: NodeSpec,
  allocation: Allocation,
  around: Neighborhood,
) {
  const through = tunnels(around);
  const hosts = nodes.flatMap((one) => {
    const { name, gateways, addresses, origin } = one;
    const identity = nodeIdentity(one, node).id;
    return [
      // Only the addresses inside a node's ranges are behind its tunnel; the tunnel leads to the others.
      ...gateways.map((address) => ({
        key: { address },
        value: { identity, ...through(name) },
        origin,
      })),
      ...addresses.map((address) => ({ key: { address }, value: { identity }, origin })),
    ];
  });
  const pods = endpoints.flatMap(({ addresses, labels, origin, node: name }) =>
    addresses.map((address) => ({
      key: { address },
      value: { identity: allocation.idOf(labels), ...through(name) },
      origin,
    })),
  );
  return [...hosts, ...pods];
}

/** Nobody known inside the nodes' ranges is unmanaged; everything else is what the rules' CIDRs make it. */
export function prefixRows(
  { nodes }: ProgramDocument,
  { prefixes: named }: CompiledPolicy,
  around: Neighborhood,
) {
  const through = tunnels(around);
  const ranges = nodes.flatMap(({ name, podCIDRs, origin }) =>
    podCIDRs.map((text) => ({ name, text, origin, range: parsePrefix(text) })),
  );
  const isInside = (text: string): boolean => {
    const prefix = parsePrefix(text);
    return ranges.some(
      ({ range }) =>
        range !== undefined &&
        prefix !== undefined &&
        range.length <= prefix.length &&
        contains(range, prefix),
    );
  };
  return [
    ...ranges.map(({ name, text, origin }) => ({
      key: prefixFields(text),
      value: { identity: RESERVED.unmanaged, ...through(name) },
      origin,
    })),
    ...named
      .filter(({ prefix }) => !isInside(prefix))
      .map(({ prefix, identity }) => ({ key: prefixFields(prefix), value: { identity } })),
  ];
}

function prefixFields(text: string): { prefixLength: number; address: string } {
  const [address = '', length = '0'] = text.split('/');
  return { address, prefixLength: Number(length) + (isIPv6(address) ? 0 : 96) };
}
