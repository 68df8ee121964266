// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "maps.h"
#include "policy.h"

#define ADDRESS_BITS 128

/* Who is at an address, and how it is reached from here. */
struct place {
  /* Of an endpoint of this node. */
  const struct plumb_endpoint *endpoint;
  /* Of anybody else that is known. */
  struct plumb_peer *peer;
};

static __always_inline int is_remote_node(__u32 identity) {
  return identity == IDENTITY_REMOTE_NODE || identity & IDENTITY_NODE_BIT;
}

static __always_inline void local_side(struct side *side, const struct plumb_device *device) {
  side->identity = device->identity;
  side->policySet = device->policySet;
  side->flags = device->flags;
  side->hasPolicy = 1;
}

/* Policies with a nodeSelector are about the host; without one it is not judged. */
static __always_inline void host_side(struct side *side, const struct plumb_config *config) {
  side->identity = IDENTITY_HOST;
  side->policySet = config->hostPolicySet;
  side->flags = 0;
  side->hasPolicy = config->hostPolicySet != 0;
}

/*
 * An endpoint of this node, an exact entry of the ipcache, or the longest prefix. Identity 0 where
 * nothing is known; that is never let through.
 */
static __always_inline struct place find_side(struct side *side, const struct plumb_addr *address,
                                              const struct plumb_config *config) {
  struct place place = {.endpoint = bpf_map_lookup_elem(&plumb_endpoints, address)};

  if (place.endpoint) {
    side->identity = place.endpoint->identity;
    side->policySet = place.endpoint->policySet;
    side->flags = place.endpoint->flags;
    side->hasPolicy = 1;
    return place;
  }
  place.peer = bpf_map_lookup_elem(&plumb_ipcache, address);
  if (!place.peer) {
    struct plumb_prefix prefix = {.prefixLength = ADDRESS_BITS, .address = *address};
    place.peer = bpf_map_lookup_elem(&plumb_ipcache_lpm, &prefix);
  }
  side->identity = place.peer ? place.peer->identity : 0;
  if (side->identity == IDENTITY_HOST) host_side(side, config);
  return place;
}

/* The same for a side that nothing is delivered to. True for an endpoint of this node. */
__noinline int identify(struct plumb_addr *address, struct side *side) {
  __u32 zero = 0;
  const struct plumb_config *config = bpf_map_lookup_elem(&plumb_config, &zero);

  if (!address || !side || !config) return 0;
  return find_side(side, address, config).endpoint != 0;
}
