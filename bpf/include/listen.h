// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* In the proxy's namespace: which listening socket a packet of a filtered flow is for. */
#pragma once

#include "addr.h"
#include "conntrack.h"
#include "threads.h"

#define FAMILY_IPV4 2

static __always_inline struct packet packet_of_lookup(const struct bpf_sk_lookup *lookup) {
  struct packet packet = {
      .protocol = lookup->protocol,
      .sourcePort = lookup->remote_port,
      .destinationPort = bpf_htons(lookup->local_port),
  };

  if (lookup->family == FAMILY_IPV4) {
    map_ipv4(&packet.source, lookup->remote_ip4);
    map_ipv4(&packet.destination, lookup->local_ip4);
    return packet;
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    packet.source.words[i] = lookup->remote_ip6[i];
    packet.destination.words[i] = lookup->local_ip6[i];
  }
  return packet;
}

/* The listening socket of a flow, if packets of it come by that socket's way. Release it. */
static __always_inline struct bpf_sock *listener_of(const struct plumb_tuple *tuple, __u8 sourceIsB,
                                                    __u32 way) {
  const struct plumb_flow *flow = bpf_map_lookup_elem(&plumb_conntrack, tuple);

  if (!flow || flow->fromB != sourceIsB || !flow->listener) return 0;
  __u32 listener = flow->listener & LISTENER_ID;
  struct bpf_sock *socket =
      tuple->protocol == UDP ? socket_at(listener | LISTENER_UDP) : socket_of_thread(listener);
  if (!socket || socket->bound_dev_if == way) return socket;
  bpf_sk_release(socket);
  return 0;
}

/* Nobody else listens there: what belongs to no filtered flow reaches no socket. */
SEC("sk_lookup")
int to_listener(struct bpf_sk_lookup *lookup) {
  struct packet packet = packet_of_lookup(lookup);
  struct tracking tracking = {};

  track(&tracking, &packet);
  struct bpf_sock *socket =
      listener_of(&tracking.tuple, tracking.sourceIsB, lookup->ingress_ifindex);
  if (!socket) {
    tracking.tuple.opener = EGRESS_FILTER;
    socket = listener_of(&tracking.tuple, tracking.sourceIsB, lookup->ingress_ifindex);
  }
  if (!socket) return SK_DROP;
  long failed = bpf_sk_assign(lookup, socket, 0);
  bpf_sk_release(socket);
  return failed ? SK_DROP : SK_PASS;
}
