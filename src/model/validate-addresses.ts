import { complain, mention } from './complain.js';
import type { Origin, PlumbError } from './error.js';
import { contains, formatAddress, parseAddress, parsePrefix, type Address } from './prefix.js';
import type { EndpointSpec, NodeSpec, ProgramDocument } from './program.js';

interface Owner {
  readonly origin: Origin;
}

/** Who has an address, by its one text. */
type Owners = Map<string, { readonly owner: Owner; readonly as: string }>;

/** Addresses that are malformed, outside their ranges, used twice, or one too many of a family. */
export function addressErrors({ nodes, endpoints }: ProgramDocument): PlumbError[] {
  const owners: Owners = new Map();
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return [
    ...nodes.flatMap((node) => nodeErrors(node, owners)),
    ...endpoints.flatMap((endpoint) => {
      return endpointErrors(endpoint, byName.get(endpoint.node), owners);
    }),
  ];
}

function nodeErrors(node: NodeSpec, owners: Owners): PlumbError[] {
  return [
    ...addressesOf(node, node.gateways, 'gateway', owners, node),
    ...oneAFamily(node, node.gateways, 'gateways'),
    ...addressesOf(node, node.addresses, 'address', owners),
  ];
}

function endpointErrors(
  endpoint: EndpointSpec,
  node: NodeSpec | undefined,
  owners: Owners,
): PlumbError[] {
  const { addresses } = endpoint;
  if (addresses.length === 0) {
    const hint = "Give it an address inside its node's ranges.";
    return [complain('PLB_NO_ADDRESS', endpoint, 'it has no address', hint)];
  }
  return [
    ...addressesOf(endpoint, addresses, 'address', owners, node),
    ...oneAFamily(endpoint, addresses, 'addresses'),
  ];
}

/** @param within whose ranges they must be in; anywhere if absent */
function addressesOf(
  owner: Owner,
  texts: readonly string[],
  as: string,
  owners: Owners,
  within?: NodeSpec,
): PlumbError[] {
  return texts.flatMap((text) => {
    const address = parseAddress(text);
    if (address === undefined) {
      const hint = "Write it as '10.1.0.11' or 'fd00::11'.";
      return [
        complain('PLB_INVALID_ADDRESS', owner, `${JSON.stringify(text)} is no IP address`, hint),
      ];
    }
    const outside = within === undefined ? [] : outOfRange(owner, address, within);
    const key = formatAddress(address);
    const first = owners.get(key);
    if (first === undefined) {
      owners.set(key, { owner, as });
      return outside;
    }
    const message = `${key} is taken: it is the ${first.as} of ${mention(first.owner)}`;
    const hint = 'Give one of the two another address.';
    return [...outside, complain('PLB_DUPLICATE_ADDRESS', owner, message, hint)];
  });
}

function outOfRange(owner: Owner, address: Address, node: NodeSpec): PlumbError[] {
  const ranges = node.podCIDRs.map(parsePrefix);
  // A range that is no CIDR has an error of its own; what is inside it nobody can say.
  if (ranges.some((range) => range === undefined || contains(range, address))) return [];
  const message = `${formatAddress(address)} is outside the ranges of ${mention(node)}`;
  const hint = `Use an address inside ${node.podCIDRs.join(' or ')}.`;
  return [complain('PLB_ADDRESS_OUT_OF_RANGE', owner, message, hint)];
}

function oneAFamily(owner: Owner, texts: readonly string[], what: string): PlumbError[] {
  const families = texts.map((text) => parseAddress(text)?.family);
  return ([4, 6] as const)
    .filter((family) => families.filter((one) => one === family).length > 1)
    .map((family) => {
      const message = `${what} has more than one IPv${family} address`;
      return complain('PLB_ADDRESS_FAMILY', owner, message, `Leave one IPv${family} address.`);
    });
}
