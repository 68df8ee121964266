// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* To a back-end that is neither here nor behind the tunnel: where the host's routes say. */
#pragma once

#include "packet.h"
#include <bpf/bpf_helpers.h>

#define AF_INET 2
#define AF_INET6 10

/* The device that the host's routes lead to a packet's destination by; it is another one. */
static __always_inline enum reason find_route(struct __sk_buff *skb, const struct packet *packet,
                                              __u32 *device) {
  struct bpf_fib_lookup route = {
      .family = packet->isIPv6 ? AF_INET6 : AF_INET,
      .ifindex = skb->ifindex,
      .l4_protocol = packet->protocol,
  };

  if (packet->isIPv6) {
    __builtin_memcpy(route.ipv6_src, packet->source.words, 16);
    __builtin_memcpy(route.ipv6_dst, packet->destination.words, 16);
  } else {
    route.ipv4_src = packet->source.words[3];
    route.ipv4_dst = packet->destination.words[3];
  }
  long result = bpf_fib_lookup(skb, &route, sizeof(route), 0);
  if (result != BPF_FIB_LKUP_RET_SUCCESS && result != BPF_FIB_LKUP_RET_NO_NEIGH) return NO_ROUTE;
  if (route.ifindex == skb->ifindex) return NO_ROUTE;
  *device = route.ifindex;
  return FORWARDED;
}
