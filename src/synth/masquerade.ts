import { parsePrefix } from '../model/prefix.js';
import type { NodeSpec, ProgramDocument } from '../model/program.js';
import type { Json } from '../state/canonical-json.js';
import { resource } from '../state/kinds.js';
import type { NftRule, Resource } from '../state/state.js';
import { isIPv6 } from './addresses.js';
import { NODE_DEVICE } from './node.js';

const CHAIN = 'postrouting';
/** NF_IP_PRI_NAT_SRC. */
const SOURCE_NAT = 100;
const IS_TO_DATAPATH: Json = {
  match: { op: '==', left: { meta: { key: 'oifname' } }, right: NODE_DEVICE },
};

/**
 * What endpoints send beyond the nodes and their ranges leaves in the node's name: nobody out there
 * knows the way back to an endpoint.
 */
export function masqueradeTable(node: NodeSpec, { nodes }: ProgramDocument): Resource[] {
  if (node.masquerade !== true) return [];
  // A rule for each, no set: nft joins elements that touch, and would say something else than it was told.
  const stay = nodes
    .flatMap(({ podCIDRs, addresses }) => [...podCIDRs, ...addresses])
    .map((inside): NftRule => ({ chain: CHAIN, expr: [match('daddr', inside), { return: null }] }));
  // Behind the node's own device the datapath tells the host from endpoints by their addresses.
  const own: NftRule = { chain: CHAIN, expr: [IS_TO_DATAPATH, { return: null }] };
  const leave = node.podCIDRs.map((range): NftRule => {
    return { chain: CHAIN, expr: [match('saddr', range), { masquerade: null }] };
  });
  const chain = {
    name: CHAIN,
    type: 'nat',
    hook: 'postrouting',
    prio: SOURCE_NAT,
    policy: 'accept',
  } as const;
  const table = {
    family: 'inet',
    name: 'plumb',
    chains: [chain],
    rules: [own, ...stay, ...leave],
  } as const;
  return [resource('nft-table', table, node.origin)];
}

function match(field: 'saddr' | 'daddr', text: string): Json {
  const protocol = isIPv6(text) ? 'ip6' : 'ip';
  return { match: { op: '==', left: { payload: { protocol, field } }, right: element(text) } };
}

/** An address, or a range as nft writes it. */
function element(text: string): Json {
  const prefix = parsePrefix(text);
  if (prefix === undefined) return text;
  return { prefix: { addr: text.split('/')[0] ?? '', len: prefix.length } };
}
