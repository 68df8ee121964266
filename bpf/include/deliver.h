// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "actions.h"
#include "decide.h"
#include "redirect.h"
#include "rewrite.h"
#include "tunnel.h"

static __always_inline int write_translation(struct __sk_buff *skb, struct run *run) {
  if (!feature_services && !feature_proxy) return 0;
  if (feature_services && run->isInnerTranslated &&
      rewrite_inner(skb, &run->packet, &run->inner.address, run->inner.port))
    return -1;
  return run->isTranslated ? rewrite(skb, &run->packet) : 0;
}

static __always_inline int set_macs(struct __sk_buff *skb, const struct plumb_endpoint *endpoint) {
  if (bpf_skb_store_bytes(skb, 0, endpoint->mac, 6, 0)) return -1;
  return bpf_skb_store_bytes(skb, 6, endpoint->hostMac, 6, 0);
}

/*
 * Straight into the endpoint's namespace: no route, no neighbor, no queue of the host's. The TTL
 * stays, as on one link: such a packet runs no second time, so it cannot go round.
 */
static __always_inline int deliver(struct __sk_buff *skb, const struct plumb_endpoint *endpoint) {
  if (set_macs(skb, endpoint)) return TC_ACT_SHOT;
  return bpf_redirect_peer(endpoint->device, 0);
}

static __always_inline int is_tunneled(const struct place *destination) {
  const struct plumb_peer *peer = destination->peer;

  return feature_tunnel && peer && (peer->tunnel.words[0] | peer->tunnel.words[3]);
}

/* To the node behind which the destination is; the sender's identity goes along. */
static __always_inline int send_through_tunnel(struct __sk_buff *skb, const struct run *run,
                                               const struct place *destination,
                                               const struct plumb_config *config) {
  if (encapsulate(skb, &destination->peer->tunnel, run->from.identity)) return TC_ACT_SHOT;
  return bpf_redirect(config->tunnelDevice, 0);
}
