// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Between nodes in VXLAN (RFC 7348); the network identifier carries the sender's identity. */
#pragma once

#include "addr.h"
#include "maps.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TUNNEL_TTL 64

static __always_inline int is_mapped_ipv4(const struct plumb_addr *address) {
  return address->words[0] == 0 && address->words[1] == 0 && address->words[2] == bpf_htonl(0xffff);
}

/* Puts the packet on its way to the node at `to`; nonzero when that could not be done. */
__noinline int encapsulate(struct __sk_buff *skb, struct plumb_addr *to, __u32 identity) {
  if (!to) return -1;
  struct bpf_tunnel_key key = {
      .tunnel_id = identity == IDENTITY_HOST ? IDENTITY_REMOTE_NODE : identity,
      .tunnel_ttl = TUNNEL_TTL,
  };
  __u64 flags = 0;

  if (is_mapped_ipv4(to)) {
    key.remote_ipv4 = bpf_ntohl(to->words[3]);
    /* Only over IPv4 the inner packet's own checksum is enough (RFC 6935). */
    flags = BPF_F_ZERO_CSUM_TX;
  } else {
    __builtin_memcpy(key.remote_ipv6, to->words, 16);
    flags = BPF_F_TUNINFO_IPV6;
  }
  return bpf_skb_set_tunnel_key(skb, &key, sizeof(key), flags);
}

/* Who the other node says that sent the packet; 0 when it is no node of ours. */
static __always_inline __u32 tunneled_identity(struct __sk_buff *skb) {
  struct bpf_tunnel_key key = {};
  struct plumb_addr from;

  if (!bpf_skb_get_tunnel_key(skb, &key, sizeof(key), 0)) {
    map_ipv4(&from, bpf_htonl(key.remote_ipv4));
  } else if (!bpf_skb_get_tunnel_key(skb, &key, sizeof(key), BPF_F_TUNINFO_IPV6)) {
    __builtin_memcpy(from.words, key.remote_ipv6, 16);
  } else {
    return 0;
  }
  const struct plumb_peer *node = bpf_map_lookup_elem(&plumb_ipcache, &from);
  if (!node || !is_remote_node(node->identity)) return 0;
  __u32 identity = key.tunnel_id;
  if (identity == IDENTITY_REMOTE_NODE) return node->identity;
  return identity >= IDENTITY_CLUSTER_MIN && identity <= IDENTITY_CLUSTER_MAX ? identity : 0;
}
