import { complain, mention } from './complain.js';
import type { PlumbError } from './error.js';
import {
  formatPrefix,
  networkOf,
  overlap,
  parseAddress,
  parsePrefix,
  type Prefix,
} from './prefix.js';
import type { NodeSpec } from './program.js';

/** Least MTU of IPv4 (RFC 791) and IPv6 (RFC 8200), and the most a device takes. */
const MIN_MTU = { 4: 68, 6: 1280 } as const;
const MAX_MTU = 65_535;

/** Ranges that mean something else to every Linux: no endpoint can have an address of theirs. */
const SPECIAL: readonly (readonly [Prefix, string])[] = [
  [v4(0, 8), 'this network'],
  [v4(127, 8), 'loopback'],
  [{ family: 4, value: 0xa9fen << 16n, length: 16 }, 'link-local'],
  [v4(224, 3), 'multicast and reserved'],
  [v6(0, 96), 'unspecified and loopback'],
  [{ family: 6, value: 0xffffn << 32n, length: 96 }, 'IPv4 inside IPv6'],
  [v6(0xfe80, 10), 'link-local'],
  [v6(0xff00, 8), 'multicast'],
];

/** @param top first 8 bits */
function v4(top: number, length: number): Prefix {
  return { family: 4, value: BigInt(top) << 24n, length };
}

/** @param top first 16 bits */
function v6(top: number, length: number): Prefix {
  return { family: 6, value: BigInt(top) << 112n, length };
}

/** Ranges of nodes that are malformed or overlap, families without a gateway, and MTUs. */
export function rangeErrors(nodes: readonly NodeSpec[]): PlumbError[] {
  const seen: { readonly prefix: Prefix; readonly node: NodeSpec }[] = [];
  return nodes.flatMap((node) => {
    const errors: PlumbError[] = [];
    if (node.podCIDRs.length === 0) {
      const message = 'podCIDRs is empty: endpoints would have no addresses';
      errors.push(complain('PLB_INVALID_CIDR', node, message, "Give a range, as '10.1.0.0/24'."));
    }
    for (const text of node.podCIDRs) {
      const prefix = parsePrefix(text);
      const problem = cidrProblem(text, prefix);
      if (problem !== undefined) errors.push(complain('PLB_INVALID_CIDR', node, ...problem));
      if (prefix === undefined) continue;
      const other = seen.find((one) => overlap(one.prefix, prefix));
      if (other !== undefined) {
        const message = `${text} overlaps ${formatPrefix(other.prefix)} of ${mention(other.node)}`;
        const hint = 'Give every node ranges of its own.';
        errors.push(complain('PLB_OVERLAPPING_CIDR', node, message, hint));
      }
      seen.push({ prefix, node });
    }
    return [...errors, ...gatewayErrors(node), ...mtuErrors(node)];
  });
}

function cidrProblem(text: string, prefix: Prefix | undefined): [string, string] | undefined {
  if (prefix === undefined) {
    return [`${JSON.stringify(text)} is no CIDR`, "Write address/length, as '10.1.0.0/24'."];
  }
  const network = networkOf(prefix);
  if (network.value !== prefix.value) {
    return [`${text} has bits set after its length`, `Write ${formatPrefix(network)}.`];
  }
  const special = SPECIAL.find(([range]) => overlap(range, prefix));
  if (special === undefined) return undefined;
  const [range, what] = special;
  const message = `${text} reaches into ${formatPrefix(range)} (${what})`;
  return [message, 'Use a range of unicast addresses.'];
}

function gatewayErrors(node: NodeSpec): PlumbError[] {
  const ranges = node.podCIDRs.map(parsePrefix).filter((prefix) => prefix !== undefined);
  const families = new Set(ranges.map(({ family }) => family));
  const given = new Set(node.gateways.map((text) => parseAddress(text)?.family));
  // What is no address may have been meant for either family, and has an error of its own.
  if (given.has(undefined)) return [];
  return [...families]
    .filter((family) => !given.has(family))
    .map((family) => {
      const message = `there is no IPv${family} gateway for its IPv${family} range`;
      return complain('PLB_NO_GATEWAY', node, message, 'Add one, or leave gateways out.');
    });
}

function mtuErrors(node: NodeSpec): PlumbError[] {
  const six = node.podCIDRs.some((text) => parsePrefix(text)?.family === 6);
  const min = MIN_MTU[six ? 6 : 4];
  if (Number.isInteger(node.mtu) && node.mtu >= min && node.mtu <= MAX_MTU) return [];
  const hint = `Use ${min} to ${MAX_MTU}${six ? ' (IPv6 needs 1280)' : ''}.`;
  return [complain('PLB_INVALID_MTU', node, `${node.mtu} cannot be its MTU`, hint)];
}
