import type { NodeSpec } from '../model/program.js';
import { resource } from '../state/kinds.js';
import { EGRESS_BLOCK, INGRESS_BLOCK } from '../state/layout.js';
import { PROXY_CGROUP, proxyWays, type RedirectMode } from '../state/proxy-names.js';
import type { Attributes, Resource } from '../state/state.js';
import { TUNNEL_DEVICE } from './cluster.js';
import { notesOf, switchesOf, type Feature } from './features.js';
import type { DatapathObject } from './node.js';
import { proxyNetns } from './proxy-namespace.js';

/** What of the datapath a node needs besides what every endpoint does. */
export interface Uses {
  readonly tunnel: boolean;
  readonly services: boolean;
  /** How packets come to the proxy; absent: no rule is of layer 7. */
  readonly proxy?: RedirectMode;
  /** A policy is about the node itself. */
  readonly hostPolicy: boolean;
}

type Link = Attributes['bpf-link'];

/** Programs and where they run; a program that runs nowhere is not there. */
export function attachments(
  node: NodeSpec,
  nodeDevice: string,
  datapath: DatapathObject,
  features: Readonly<Record<string, Feature>>,
  uses: Uses,
): Resource[] {
  const links: Link[] = [
    { attach: 'tc-block', block: INGRESS_BLOCK, program: 'from_endpoint' },
    { attach: 'tc-block', block: EGRESS_BLOCK, program: 'to_endpoint' },
  ];
  if (uses.tunnel || uses.services) links.push(tcx(nodeDevice, 'egress', 'from_host'));
  if (uses.tunnel) links.push(tcx(TUNNEL_DEVICE, 'ingress', 'from_tunnel'));
  for (const device of node.devices ?? []) {
    if (uses.services || uses.hostPolicy) links.push(tcx(device, 'ingress', 'from_uplink'));
    if (uses.hostPolicy) links.push(tcx(device, 'egress', 'to_uplink'));
  }
  if (uses.proxy !== undefined) links.push(...proxyLinks(node, uses.proxy));
  const programs = [...new Set(links.map(({ program }) => program))].sort();
  return [
    ...links.map((link) => resource('bpf-link', link, node.origin)),
    ...programs.map((name, i) => ({
      ...resource(
        'bpf-program',
        { name, object: datapath.hash, features: switchesOf(features) },
        node.origin,
      ),
      // Said once: all have the same switches.
      ...(i === 0 ? { notes: notesOf(features) } : {}),
    })),
  ];
}

function proxyLinks(node: NodeSpec, mode: RedirectMode): Link[] {
  const { egress, ingress } = proxyWays(mode);
  const links = [egress, ingress].map(({ device, program }) => tcx(device, 'ingress', program));
  switch (mode) {
    case 'socket':
      return [...links, { attach: 'sk-lookup', netns: proxyNetns(node), program: 'to_listener' }];
    case 'tproxy':
      return [
        ...links,
        ...[egress, ingress].map(({ device }) => tcx(device, 'egress', 'from_proxy_socket')),
      ];
    case 'nat':
      return [
        ...links,
        { attach: 'cgroup', cgroup: PROXY_CGROUP + node.name, program: 'original_destination' },
      ];
  }
}

function tcx(device: string, direction: 'ingress' | 'egress', program: string): Link {
  return { attach: 'tcx', device, direction, program };
}
