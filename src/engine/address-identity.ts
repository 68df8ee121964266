import { RESERVED } from '../model/identity.js';
import { contains, parseAddress, parsePrefix } from '../model/prefix.js';
import { placesOf } from '../policy/places.js';
import { nodeIdentity } from '../synth/node-identities.js';
import type { Compiled } from './provenance.js';

/**
 * Who is at a canonical address that is no endpoint's, as the datapath of the compiled program's node has
 * it: a node, nobody known inside a node's ranges, or a prefix. Names that were learned since are not known.
 */
export function identityAt(address: string, { document, node, policy }: Compiled): number {
  const owner = document.nodes.find(({ gateways, addresses }) =>
    [...gateways, ...addresses].includes(address),
  );
  if (owner !== undefined) return nodeIdentity(owner, node).id;
  const ranges = document.nodes.flatMap(({ podCIDRs }) => podCIDRs);
  if (ranges.some((range) => isInside(address, range))) return RESERVED.unmanaged;
  const place = placesOf(policy.prefixes).around(address);
  return policy.prefixes.find(({ prefix }) => prefix === place)?.identity ?? 0;
}

function isInside(text: string, range: string): boolean {
  const [prefix, address] = [parsePrefix(range), parseAddress(text)];
  return prefix !== undefined && address !== undefined && contains(prefix, address);
}
