// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "maps.h"
#include "policy.h"

#define ADDRESS_BITS 128

static __always_inline void local_side(struct side *side, const struct plumb_device *device) {
  side->identity = device->identity;
  side->policySet = device->policySet;
  side->flags = device->flags;
  side->isLocal = 1;
}

/*
 * Who is at an address: an endpoint of this node (which is returned), an exact entry of the
 * ipcache, or the longest prefix. Identity 0 where nothing is known; that is never let through.
 */
static __always_inline const struct plumb_endpoint *find_side(struct side *side,
                                                              const struct plumb_addr *address) {
  const struct plumb_endpoint *endpoint = bpf_map_lookup_elem(&plumb_endpoints, address);

  if (endpoint) {
    side->identity = endpoint->identity;
    side->policySet = endpoint->policySet;
    side->flags = endpoint->flags;
    side->isLocal = 1;
    return endpoint;
  }
  const struct plumb_peer *peer = bpf_map_lookup_elem(&plumb_ipcache, address);
  if (!peer) {
    struct plumb_prefix prefix = {.prefixLength = ADDRESS_BITS, .address = *address};
    peer = bpf_map_lookup_elem(&plumb_ipcache_lpm, &prefix);
  }
  side->identity = peer ? peer->identity : 0;
  return 0;
}
