import type { NodeSpec } from '../model/program.js';
import { resource } from '../state/kinds.js';
import { PROXY_MAC } from '../state/layout.js';
import { PROXY_NETNS, proxyWays } from '../state/proxy-names.js';
import type { Attributes, Resource } from '../state/state.js';
import { MAIN_TABLE } from './endpoint.js';

/** What comes in by a way is for the namespace itself, whatever its address. */
const LOCAL_TABLE = 100;
/** What is bound to the ingress way leaves by it. */
const INGRESS_TABLE = 101;
const WAYS = proxyWays('socket');

const FAMILIES = [
  { family: 'inet', everything: '0.0.0.0/0', gateway: '169.254.1.1' },
  { family: 'inet6', everything: '::/0', gateway: 'fe80::1' },
] as const;

export function proxyNetns(node: NodeSpec): string {
  return PROXY_NETNS + node.name;
}

/** The proxy's own namespace, and the ways to it. */
export function proxyNamespace(node: NodeSpec, mtu: number): Resource[] {
  const isNat = node.redirectMode === 'nat';
  const { origin } = node;
  const netns = proxyNetns(node);
  const settings: Attributes['sysctl'][] = [
    ...['all', 'default', WAYS.egress.inside, WAYS.ingress.inside].map((device) => ({
      netns,
      name: `net/ipv4/conf/${device}/rp_filter`,
      value: '0',
    })),
    // Apart from the ports that endpoints choose from, so that no flow of the proxy is one of theirs.
    // Nor, where listeners have ports, of the port of one.
    {
      netns,
      name: 'net/ipv4/ip_local_port_range',
      value: `${isNat ? '20000' : '1024'} 32767`,
    },
    { netns, name: 'net/ipv4/tcp_tw_reuse', value: '1' },
    // Loose: addresses of endpoints come in by other devices than they are routed to.
    ...[WAYS.egress, WAYS.ingress].map(({ device }) => ({
      name: `net/ipv4/conf/${device}/rp_filter`,
      value: '2',
    })),
  ];
  return [
    resource('netns', { name: netns }, origin),
    ...[WAYS.egress, WAYS.ingress].flatMap(({ device, inside }) => [
      resource(
        'link',
        {
          name: device,
          type: 'veth',
          mac: PROXY_MAC,
          mtu,
          up: true,
          peer: { netns, name: inside, mac: PROXY_MAC },
        },
        origin,
      ),
      // Without an address the kernel takes loose for strict there.
      resource('address', { device, address: `${FAMILIES[0].gateway}/32` }, origin),
    ]),
    ...settings.map((setting) => resource('sysctl', setting, origin)),
    ...FAMILIES.flatMap((family) => routing(node, netns, family)),
  ];
}

function routing(
  { origin }: NodeSpec,
  netns: string,
  { family, everything, gateway }: (typeof FAMILIES)[number],
): Resource[] {
  const { egress, ingress } = WAYS;
  const rules = [
    { priority: 100, iif: egress.inside, table: LOCAL_TABLE },
    { priority: 101, iif: ingress.inside, table: LOCAL_TABLE },
    { priority: 102, oif: ingress.inside, table: INGRESS_TABLE },
  ];
  const ways = [
    { device: egress.inside, table: MAIN_TABLE },
    { device: ingress.inside, table: INGRESS_TABLE },
  ];
  const local = {
    destination: everything,
    device: 'lo',
    table: LOCAL_TABLE,
    type: 'local',
  } as const;
  return [
    ...rules.map((rule) => resource('rule', { netns, family, ...rule }, origin)),
    resource('route', { netns, ...local }, origin),
    ...ways.flatMap(({ device, table }) => [
      resource('neighbor', { netns, device, address: gateway, mac: PROXY_MAC }, origin),
      resource('route', { netns, destination: everything, gateway, device, table }, origin),
    ]),
  ];
}
