/**
 * Counts what the proxy's processes do with the same listeners: one of another number is replaced, for
 * example after an upgrade.
 */
export const PROXY_VERSION = 6;

/** How packets come to the proxy: see docs/l7.md. */
export const REDIRECT_MODES = ['socket', 'tproxy', 'nat'] as const;
export type RedirectMode = (typeof REDIRECT_MODES)[number];

/** What plumb_config calls the modes. */
export const PROXY_MODE = { socket: 0, tproxy: 1, nat: 2 } as const;

/** A way to the proxy: the device on the node, and where the proxy's sockets are bound to. */
export interface ProxyWay {
  readonly device: string;
  readonly inside: string;
  /** Judges what comes in by the device: what the proxy sends. */
  readonly program: string;
}

/** By whose policy filters. */
export interface ProxyWays {
  readonly egress: ProxyWay;
  readonly ingress: ProxyWay;
}

const PRIVATE: ProxyWays = {
  egress: { device: 'plumb_pe', inside: 'p0', program: 'from_egress_proxy' },
  ingress: { device: 'plumb_pi', inside: 'p1', program: 'from_ingress_proxy' },
};

/**
 * In the node's own namespace: one device is both ends. What the proxy sends by one comes in by the other,
 * where none of the sockets that have sent it is bound: see `from_proxy_socket` in bpf/endpoint.c.
 */
const SHARED: ProxyWays = {
  egress: { device: 'plumb_te', inside: 'plumb_te', program: 'from_ingress_proxy' },
  ingress: { device: 'plumb_ti', inside: 'plumb_ti', program: 'from_egress_proxy' },
};

export function proxyWays(mode: RedirectMode): ProxyWays {
  return mode === 'tproxy' ? SHARED : PRIVATE;
}

/** What the name of a proxy's namespace begins with; the node's name follows. */
export const PROXY_NETNS = 'plumb-proxy-';

/** The directory of the proxy's processes below the root of cgroup v2 (mode nat). */
export const PROXY_CGROUP = 'plumb-proxy-';

/** Marks of packets on their way to the proxy (mode tproxy); the upper half is the listener's port. */
export const PROXY_MARK = 0x200;
export const PROXY_MARK_MASK = 0xf00;

/** Routing tables of mode tproxy: to the proxy's sockets, and out of them by each way. */
export const TPROXY_TABLES = { local: 2004, egress: 2005, ingress: 2006 } as const;

/** Settings that are ours where the proxy is: in its namespace, and of its devices outside. */
export const PROXY_SYSCTLS = {
  inside: [
    ...['all', 'default', 'p0', 'p1'].map((device) => `net/ipv4/conf/${device}/rp_filter`),
    'net/ipv4/ip_local_port_range',
    'net/ipv4/tcp_tw_reuse',
  ],
  private: Object.values(PRIVATE).map(({ device }) => `net/ipv4/conf/${String(device)}/rp_filter`),
  shared: Object.values(SHARED).flatMap(({ device }) => [
    `net/ipv4/conf/${String(device)}/rp_filter`,
    `net/ipv4/conf/${String(device)}/accept_local`,
  ]),
};
