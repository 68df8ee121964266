// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Flows that a proxy filters. Each is two: the opener's ends at the proxy, which opens another one
 * in the opener's name. Packets of the first are the proxy's from its opener on, those of the
 * second from the proxy on; both are told apart by who sent them, and nobody else may send in their
 * place.
 */
#pragma once

#include "conntrack.h"
#include "run.h"

static __always_inline enum filter filter_of(__u32 listener) {
  if (!listener) return NO_FILTER;
  return listener & LISTENER_EGRESS ? EGRESS_FILTER : INGRESS_FILTER;
}

/* The filter that the proxy opened the flow behind. */
static __always_inline enum filter filter_behind(__u8 flags) {
  if (flags & FLOW_FROM_EGRESS_FILTER) return EGRESS_FILTER;
  return flags & FLOW_FROM_INGRESS_FILTER ? INGRESS_FILTER : NO_FILTER;
}

static __always_inline __u8 flag_behind(enum filter filter) {
  if (filter == EGRESS_FILTER) return FLOW_FROM_EGRESS_FILTER;
  return filter == INGRESS_FILTER ? FLOW_FROM_INGRESS_FILTER : 0;
}

/* ifindex of the way to a filter; 0: there is none. */
static __always_inline __u32 way_to(enum filter filter, const struct plumb_config *config) {
  if (filter == EGRESS_FILTER) return config->proxyEgress;
  return filter == INGRESS_FILTER ? config->proxyIngress : 0;
}

/* ifindex of the way to the other filter than a way leads to; 0: it is none that holds. */
static __always_inline __u32 other_way(__u32 way, const struct plumb_config *config) {
  if (way == config->proxyEgress) return config->proxyIngress;
  return way == config->proxyIngress ? config->proxyEgress : 0;
}

/* The listener of a flow that is judged anew. */
static __always_inline __u32 listener_after(const struct plumb_flow *flow,
                                            const struct packet *packet, __u32 judged,
                                            const struct plumb_config *config) {
  /* Only the proxy knows how to go on with a connection of its own, until it has closed it. */
  if (flow && flow->listener && !judged && !is_opening(packet) &&
      way_to(filter_of(flow->listener), config))
    return flow->listener;
  return judged;
}

/* The port that a listener's socket is at; 0: it has none. */
__noinline __u32 port_of(__u32 listener, __u32 protocol) {
  __u32 key = (listener & LISTENER_ID) | (protocol == UDP ? LISTENER_UDP : 0);
  struct bpf_sock *socket = bpf_map_lookup_elem(&plumb_listeners, &key);

  if (!socket) return 0;
  __u32 port = socket->src_port;
  bpf_sk_release(socket);
  return port;
}

/*
 * Whether a packet of the opener's goes on with a flow whose listener is gone, and with it what the
 * proxy knew of the connection, half open or whole. It is judged like one of no flow: where it may
 * pass, whoever gets it knows of no connection either, and resets it.
 */
static __always_inline int is_abandoned(const struct plumb_flow *flow, const struct run *run) {
  return flow->listener && !run->tracking.isReply && !port_of(flow->listener, run->packet.protocol);
}
