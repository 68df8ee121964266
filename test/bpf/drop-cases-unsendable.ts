import { REDIRECT_MODES } from '../../src/state/proxy-names.js';
import type { Drop } from './drop-cases.js';
import { ETHERNET, tcp } from './packets.js';
import { AT, ref, story, VERSION, withService } from './story.js';
import type { World } from './world.js';

const PORTS = [4000, 80] as const;
/** The node's own devices are none that an endpoint is behind. */
const ON_NODE = { device: 'ep2' } as const;

/** The service's only back-end is behind the host's routes, of which there are none. */
const unrouted: World = {
  ...story,
  services: [
    { address: AT.vip, port: 80, backends: [{ address: AT.remote, port: 80 }] },
    { address: AT.vip6, port: 80, backends: [{ address: AT.remote6, port: 80 }] },
  ],
  ipcache: { ...story.ipcache, 'fd09::fe': 1 },
};

/** A's egress policy filters, and nobody listens. */
const unheard: World = {
  ...story,
  proxyEgress: 'ep2',
  refs: [ref(VERSION.a, 'egress', 9), ref(VERSION.b, 'ingress', 10)],
  tables: [
    { table: 9, verdict: 'redirect', listener: 1 },
    { table: 10, verdict: 'allow' },
  ],
};

/** What policy allows and what then cannot be sent. */
export const unsendable: readonly Drop[] = [
  {
    reason: 'no-route',
    what: 'a back-end that the host has no route to',
    frame: tcp(AT.host, AT.vip, PORTS),
    program: 'from_host',
    ...ON_NODE,
    world: unrouted,
    flows: 2,
  },
  {
    reason: 'no-route',
    what: 'a back-end that the host has no IPv6 route to',
    frame: tcp('fd09::fe', AT.vip6, PORTS),
    program: 'from_host',
    ...ON_NODE,
    world: unrouted,
    flows: 2,
  },
  {
    reason: 'tunnel-failed',
    what: 'an endpoint of another node, where no device leads into tunnels',
    frame: tcp(AT.a, AT.remote, PORTS),
    world: { ...story, tunnels: { [AT.remote]: '192.0.2.1' } },
    flows: 1,
  },
  {
    reason: 'untrusted-tunnel',
    what: 'a packet out of the device of tunnels that came through none',
    frame: tcp(AT.remote, AT.b, PORTS),
    program: 'from_tunnel',
    ...ON_NODE,
  },
  {
    reason: 'rewrite-failed',
    what: 'a TCP header to a service that ends before its checksum',
    frame: tcp(AT.a, AT.vip, PORTS).subarray(0, ETHERNET + 20 + 14),
    world: withService,
    flows: 2,
  },
  ...REDIRECT_MODES.map((proxyMode): Drop => ({
    reason: 'proxy-unavailable',
    what: `a filtered connection where no socket listens (${proxyMode})`,
    frame: tcp(AT.a, AT.b, PORTS),
    world: { ...unheard, proxyMode },
  })),
];
