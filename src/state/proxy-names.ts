/** The ways to the proxy, by whose policy filters: the device on the node, and its other end. */
export const PROXY_WAYS = {
  egress: { device: 'plumb_pe', inside: 'p0', program: 'from_egress_proxy' },
  ingress: { device: 'plumb_pi', inside: 'p1', program: 'from_ingress_proxy' },
} as const;

/** What the name of a proxy's namespace begins with; the node's name follows. */
export const PROXY_NETNS = 'plumb-proxy-';

/** Settings that are ours where the proxy is: in its namespace, and of its devices outside. */
export const PROXY_SYSCTLS = {
  inside: [
    ...['all', 'default', 'p0', 'p1'].map((device) => `net/ipv4/conf/${device}/rp_filter`),
    'net/ipv4/ip_local_port_range',
    'net/ipv4/tcp_tw_reuse',
  ],
  outside: Object.values(PROXY_WAYS).map(({ device }) => `net/ipv4/conf/${device}/rp_filter`),
};
