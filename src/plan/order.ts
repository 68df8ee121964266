import { parseEntriesKey } from '../state/kinds/bpf-entries.js';
import type { MapName } from '../state/layout.js';
import type { Attributes, Resource } from '../state/state.js';
import type { Step } from './plan.js';

/** A step with its place inside its phase: ascending where things are made, descending in retire. */
export interface Draft {
  readonly step: Step;
  readonly rank: number;
}

/** Before everything: the policy before the current one gives way. */
export const RANK_CLEAR = -1;
/** First of retire: no undo from here on, where moves make the old policy inexact. */
export const RANK_DROP = 1000;
/** Of retire: what the proxy resets has to go out by the ways that `plumb_config` knows. */
export const RANK_PROXY_ENDS = 50;
/** Last of retire. */
export const RANK_RAISE = -2;

/** The filters stand on the blocks before any endpoint's device exists: without its rows it drops. */
const RANK = {
  map: 0,
  program: 1,
  nodeLink: 2,
  nodeAddress: 3,
  filter: 4,
  nft: 5,
  netns: 20,
  link: 21,
  // the proxy's ways, whose devices are no node links
  ownFilter: 24,
  address: 30,
  neighbor: 31,
  route: 32,
  sysctl: 29,
  rule: 33,
  socketLookup: 34,
  proxy: 35,
} as const;

/** Devices of ours that are an end of a veth and have a program of their own. */
const OWN_VETH = /^plumb_p/;

const ENTRIES_RANK: Partial<Record<MapName, number>> = {
  plumb_tables: 10,
  plumb_refs: 11,
  plumb_heads: 12,
  // an identity is known before any address has it
  plumb_classes: 13,
  plumb_ipcache: 14,
  plumb_ipcache_lpm: 15,
  // back-ends are there before the service's row leads to them
  plumb_backends: 16,
  plumb_members: 17,
  plumb_services: 18,
  // rows name a device by its ifindex: after it is made, before it goes
  plumb_devices: 22,
  plumb_endpoints: 23,
  plumb_config: 40,
};

/** Place of a resource among those that are made; `nodeLinks` are the links of the node itself. */
export function rankOf(resource: Resource, nodeLinks: ReadonlySet<string>): number {
  switch (resource.kind) {
    case 'bpf-map':
      return RANK.map;
    case 'bpf-program':
      return RANK.program;
    case 'bpf-link':
      return filterRank(resource.attributes, nodeLinks);
    case 'nft-table':
      return RANK.nft;
    case 'netns':
      return RANK.netns;
    case 'link':
      return resource.attributes.type === 'veth' ? RANK.link : RANK.nodeLink;
    case 'address': {
      const { netns, device } = resource.attributes;
      return netns === undefined && nodeLinks.has(device) ? RANK.nodeAddress : RANK.address;
    }
    case 'neighbor':
      return RANK.neighbor;
    case 'route':
      return RANK.route;
    case 'rule':
      return RANK.rule;
    case 'sysctl':
      return RANK.sysctl;
    case 'proxy':
      return RANK.proxy;
    case 'bpf-entries':
      return ENTRIES_RANK[parseEntriesKey(resource.key)?.map ?? resource.map] ?? RANK.route;
  }
}

/** On a shared block before any device is; on a device, or in a namespace, once that is there. */
function filterRank(link: Attributes['bpf-link'], nodeLinks: ReadonlySet<string>): number {
  if (link.attach === 'sk-lookup' || link.attach === 'cgroup') return RANK.socketLookup;
  return link.attach === 'tcx' && OWN_VETH.test(link.device) && !nodeLinks.has(link.device)
    ? RANK.ownFilter
    : RANK.filter;
}

/** Steps of all phases in the order in which they are done. */
export function inOrder(drafts: readonly Draft[]): Step[] {
  const phases = (['stage', 'commit', 'retire'] as const).map((phase) => {
    const sign = phase === 'retire' ? -1 : 1;
    return drafts
      .filter(({ step }) => step.phase === phase)
      .sort((a, b) => sign * (a.rank - b.rank) || compareText(a.step.key, b.step.key));
  });
  return phases.flat().map(({ step }) => step);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
