import type { NodeSpec } from '../model/program.js';
import type { Json } from '../state/canonical-json.js';
import { resource } from '../state/kinds.js';
import { PROXY_MAC } from '../state/layout.js';
import { PROXY_MARK, PROXY_MARK_MASK, proxyWays, TPROXY_TABLES } from '../state/proxy-names.js';
import type { Attributes, ListenerSpec, NftRule, Resource } from '../state/state.js';

const { egress, ingress } = proxyWays('tproxy');
const FAMILIES = [
  { family: 'inet', everything: '0.0.0.0/0' },
  { family: 'inet6', everything: '::/0' },
] as const;
/** Below the kernel's rule for its own addresses (0), above everybody else's. */
const PRIORITY = 100;
const ADDRESS = '169.254.1.1/32';
/** NF_IP_PRI_RAW, before connections are tracked, and NF_IP_PRI_MANGLE. */
const RAW = -300;
const MANGLE = -150;
const TCP = 6;
const UDP = 17;

/** What leads packets that the datapath has marked to sockets in the node's own namespace. */
export function tproxyResources(
  node: NodeSpec,
  listeners: readonly ListenerSpec[],
  mtu: number,
): Resource[] {
  const { origin } = node;
  const rules: Attributes['rule'][] = FAMILIES.flatMap(({ family }) => [
    {
      family,
      priority: PRIORITY,
      table: TPROXY_TABLES.local,
      fwmark: PROXY_MARK,
      fwmask: PROXY_MARK_MASK,
    },
    { family, priority: PRIORITY + 1, table: TPROXY_TABLES.egress, oif: egress.device },
    { family, priority: PRIORITY + 2, table: TPROXY_TABLES.ingress, oif: ingress.device },
  ]);
  const routes: Attributes['route'][] = FAMILIES.flatMap(({ everything: destination }) => [
    { destination, device: 'lo', table: TPROXY_TABLES.local, type: 'local' as const },
    { destination, device: egress.device, table: TPROXY_TABLES.egress },
    { destination, device: ingress.device, table: TPROXY_TABLES.ingress },
  ]);
  return [
    ...[egress, ingress].flatMap(({ device: name }) => [
      resource('link', { name, type: 'dummy', mac: PROXY_MAC, mtu, up: true }, origin),
      // Without an address the kernel takes loose for strict there.
      resource('address', { device: name, address: ADDRESS }, origin),
      resource('sysctl', { name: `net/ipv4/conf/${name}/rp_filter`, value: '2' }, origin),
      // Clients may be the node itself.
      resource('sysctl', { name: `net/ipv4/conf/${name}/accept_local`, value: '1' }, origin),
    ]),
    ...rules.map((rule) => resource('rule', rule, origin)),
    ...routes.map((route) => resource('route', route, origin)),
    resource('nft-table', tableFor(listeners), origin),
  ];
}

function tableFor(listeners: readonly ListenerSpec[]): Attributes['nft-table'] {
  const chain = (name: string, hook: string, prio: number) =>
    ({ name, type: 'filter', hook, prio, policy: 'accept' }) as const;
  // What is on its way to the proxy, or comes out of its sockets, is no connection of the node's.
  const untracked = [egress, ingress].flatMap(({ device }): NftRule[] => [
    { chain: 'untracked_in', expr: [meta('iifname', device), mark(), { notrack: null }] },
    { chain: 'untracked_out', expr: [meta('oifname', device), { notrack: null }] },
  ]);
  const led = [...listeners]
    .sort((a, b) => a.id - b.id)
    .flatMap(({ port = 0, protocol }) =>
      (protocol === 'dns' ? [TCP, UDP] : [TCP]).map((transport): NftRule => {
        const toPort = { tproxy: { port } };
        const marked = meta('mark', port * 0x1_0000 + PROXY_MARK);
        return {
          chain: 'to_listener',
          expr: [marked, meta('l4proto', transport), toPort, { accept: null }],
        };
      }),
    );
  // Answers to the proxy have a mark without a port, and find their socket by themselves.
  const answers = meta('mark', PROXY_MARK);
  return {
    family: 'inet',
    name: 'plumb_tproxy',
    chains: [
      chain('to_listener', 'prerouting', MANGLE),
      chain('untracked_in', 'prerouting', RAW),
      chain('untracked_out', 'output', RAW),
    ],
    rules: [
      { chain: 'to_listener', expr: [answers, { accept: null }] },
      ...led,
      { chain: 'to_listener', expr: [mark(), { drop: null }] },
      ...untracked,
    ],
  };
}

function meta(key: string, right: Json): Json {
  return { match: { op: '==', left: { meta: { key } }, right } };
}

/** Of whatever is on its way to the proxy. */
function mark(): Json {
  const masked = { '&': [{ meta: { key: 'mark' } }, PROXY_MARK_MASK] };
  return { match: { op: '==', left: masked, right: PROXY_MARK } };
}
